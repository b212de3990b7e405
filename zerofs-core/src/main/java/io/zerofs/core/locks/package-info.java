// SPDX-License-Identifier: AGPL-3.0-only
/**
 * Advisory byte-range locks as fcntl(2) has them, for any protocol. A protocol brings the clients, which have their shares
 * of the table, and the handles with which locks end.
 */
package io.zerofs.core.locks;
