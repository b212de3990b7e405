// SPDX-License-Identifier: AGPL-3.0-only
/**
 * 9P2000.L as bytes and records: every message that Linux v9fs sends and every reply to it. The package knows no files
 * and no connections. It checks each limit of a message before it allocates anything for it.
 */
package io.zerofs.server.ninep.wire;
