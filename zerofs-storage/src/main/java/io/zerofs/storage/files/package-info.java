// SPDX-License-Identifier: AGPL-3.0-only
/** Calls of local files that several rooms need. */
package io.zerofs.storage.files;
