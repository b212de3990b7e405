// SPDX-License-Identifier: AGPL-3.0-only
/** Bytes of the protocols, pinned as commented hex in {@code src/test/resources/golden}. */
package io.zerofs.server.golden;
