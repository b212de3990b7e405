// SPDX-License-Identifier: AGPL-3.0-only
/**
 * The access of a server's clients: the exported part of the file system, permission to change it, and the mapping of
 * users. Knows files and no protocol.
 */
package io.zerofs.server.access;
