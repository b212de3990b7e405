// SPDX-License-Identifier: AGPL-3.0-only
/** A connection without a socket, for fuzz targets of all protocols. */
package io.zerofs.server.fuzz;
