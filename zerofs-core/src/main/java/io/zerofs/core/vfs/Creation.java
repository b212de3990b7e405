// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/**
 * Outcome of an operation that put a name into a directory.
 *
 * @param node the file that the name leads to, after the operation
 * @param created false if the file had existed and was opened
 * @param directory the directory before and after
 */
public record Creation(Attributes node, boolean created, AttributeTransition directory) {}
