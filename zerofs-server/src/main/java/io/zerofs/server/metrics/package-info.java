// SPDX-License-Identifier: AGPL-3.0-only
/** Numbers about the daemon for who watches it, over HTTP. */
package io.zerofs.server.metrics;
