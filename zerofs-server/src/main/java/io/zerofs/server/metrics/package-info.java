// SPDX-License-Identifier: AGPL-3.0-only
/** The server that sends the metrics of the daemon over HTTP. */
package io.zerofs.server.metrics;
