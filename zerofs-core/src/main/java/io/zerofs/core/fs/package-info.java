// SPDX-License-Identifier: AGPL-3.0-only
/**
 * The file system: implements the port above ({@code core.vfs}) on the port below ({@code core.volume}). It has one
 * class per group of operations; {@link io.zerofs.core.fs.OperationContext} has their shared parts. Locks on inodes
 * live only here, and no thread waits for the store while it holds one.
 */
package io.zerofs.core.fs;
