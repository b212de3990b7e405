// SPDX-License-Identifier: AGPL-3.0-only
/**
 * The file system: implements the port above ({@code core.vfs}) on the port below ({@code core.volume}). One class per
 * group of operations; what they share is in {@link io.zerofs.core.fs.OperationContext}. Locks on inodes live only here, and
 * nothing waits for the store while it holds one.
 */
package io.zerofs.core.fs;
