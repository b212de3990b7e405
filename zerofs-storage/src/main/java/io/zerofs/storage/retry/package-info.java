// SPDX-License-Identifier: AGPL-3.0-only
/** Requests for sealed objects that are made again until their outcome is sure. */
package io.zerofs.storage.retry;
