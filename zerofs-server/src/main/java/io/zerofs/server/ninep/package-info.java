// SPDX-License-Identifier: AGPL-3.0-only
/**
 * 9P2000.L over the virtual file system: fids, tags, byte-range locks, and one method per message. The effect of each
 * message is in {@code docs/protocols/ninep.md}.
 */
package io.zerofs.server.ninep;
