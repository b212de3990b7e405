// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/** Outcome of a rename: both directories before and after (the same transition twice within one directory). */
public record Renaming(AttributeTransition from, AttributeTransition to) {}
