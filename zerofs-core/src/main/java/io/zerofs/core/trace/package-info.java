// SPDX-License-Identifier: AGPL-3.0-only
/** Events for operators who watch, at no cost while none does. */
package io.zerofs.core.trace;
