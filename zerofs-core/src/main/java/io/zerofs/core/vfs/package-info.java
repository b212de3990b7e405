// SPDX-License-Identifier: AGPL-3.0-only
/**
 * The port above: what protocol servers may ask of a file system. Value types and one interface; imports only the JDK
 * and {@code io.zerofs.core.waiting}.
 */
package io.zerofs.core.vfs;
