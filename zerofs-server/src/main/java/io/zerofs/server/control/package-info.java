// SPDX-License-Identifier: AGPL-3.0-only
/** The server that operators' commands reach over a unix socket: JSON over HTTP. */
package io.zerofs.server.control;
