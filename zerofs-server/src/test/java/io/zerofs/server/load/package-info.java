// SPDX-License-Identifier: AGPL-3.0-only
/** Programs that load or attack servers, and one that serves. Scripts start them with {@code java_tool} of {@code ci/lib.sh}. */
package io.zerofs.server.load;
