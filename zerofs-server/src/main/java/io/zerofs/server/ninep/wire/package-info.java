// SPDX-License-Identifier: AGPL-3.0-only
/**
 * 9P2000.L as bytes and records: every message that Linux v9fs sends and every reply to it. Knows no files and no
 * connection; each limit of a message is checked before anything is allocated for it.
 */
package io.zerofs.server.ninep.wire;
