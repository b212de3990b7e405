// SPDX-License-Identifier: AGPL-3.0-only
/** Work that nobody waits for, and that has to go on all the same. */
package io.zerofs.core.background;
