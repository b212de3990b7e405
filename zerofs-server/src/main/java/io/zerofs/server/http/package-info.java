// SPDX-License-Identifier: AGPL-3.0-only
/** The part of HTTP/1.1 that metrics and commands need: one request per connection. */
package io.zerofs.server.http;
