// SPDX-License-Identifier: AGPL-3.0-only
/** The metrics of the daemon as text in the format of Prometheus, and the server that sends them over HTTP. */
package io.zerofs.server.metrics;
