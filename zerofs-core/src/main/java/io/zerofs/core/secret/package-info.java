// SPDX-License-Identifier: AGPL-3.0-only
/** Passwords and keys on their way from the configuration to their users. */
package io.zerofs.core.secret;
