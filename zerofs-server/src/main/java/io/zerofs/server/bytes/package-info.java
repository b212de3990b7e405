// SPDX-License-Identifier: AGPL-3.0-only
/**
 * Primitives of the protocols: readers and writers in the two byte orders that the protocols use. Readers check every
 * length against the remaining bytes and a limit before they allocate. Knows Netty's buffers and the JDK only.
 */
package io.zerofs.server.bytes;
