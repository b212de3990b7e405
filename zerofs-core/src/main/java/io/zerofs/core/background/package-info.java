// SPDX-License-Identifier: AGPL-3.0-only
/** Background tasks, which must continue although no caller waits for them. */
package io.zerofs.core.background;
