// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/**
 * Outcome of a removal.
 *
 * @param node the removed file after the operation; zero links if this was its last name
 * @param directory the directory before and after
 */
public record Removal(Attributes node, AttributeTransition directory) {}
