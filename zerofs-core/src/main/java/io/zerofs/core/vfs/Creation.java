// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/**
 * Outcome of an operation that added a name to a directory.
 *
 * @param node the named file, after the operation
 * @param created false if the file had existed and was opened
 * @param directory the directory before and after
 */
public record Creation(Attributes node, boolean created, AttributeTransition directory) {}
