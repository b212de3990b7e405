// SPDX-License-Identifier: AGPL-3.0-only
/**
 * The port above: the operations of a file system for protocol servers. Has value types and one interface; imports only
 * the JDK and {@code io.zerofs.core.waiting}.
 */
package io.zerofs.core.vfs;
