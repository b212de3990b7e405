// SPDX-License-Identifier: AGPL-3.0-only
/** The path of a commit from its cut to the store, and the answers to barriers. */
package io.zerofs.storage.engine.pipeline;
