// SPDX-License-Identifier: AGPL-3.0-only
/**
 * Primitives of the protocols: readers that check every length against what is there and against a limit before they
 * allocate, and writers, in the two byte orders that the protocols use. Knows Netty's buffers and the JDK only.
 */
package io.zerofs.server.bytes;
