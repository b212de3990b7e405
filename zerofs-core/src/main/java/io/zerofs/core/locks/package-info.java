// SPDX-License-Identifier: AGPL-3.0-only
/**
 * Advisory byte-range locks like those of fcntl(2), for any protocol. A protocol brings the clients, each with a share
 * of the table, and the handles whose closing ends locks.
 */
package io.zerofs.core.locks;
