// SPDX-License-Identifier: AGPL-3.0-only
/** The object store that lives and dies with the process: the reference for what the port promises, used by tests. */
package io.zerofs.storage.object.memory;
