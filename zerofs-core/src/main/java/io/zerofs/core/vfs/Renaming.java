// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/** Outcome of a rename: both directories before and after (within one directory, the same transition twice). */
public record Renaming(AttributeTransition from, AttributeTransition to) {}
