// SPDX-License-Identifier: AGPL-3.0-only
/** The clients of tests, load programs and benchmarks, one for each protocol. */
package io.zerofs.server.client;
