// SPDX-License-Identifier: AGPL-3.0-only
/** Requests for sealed objects, repeated until their outcome is known. */
package io.zerofs.storage.retry;
