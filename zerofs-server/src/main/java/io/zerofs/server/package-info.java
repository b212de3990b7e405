// SPDX-License-Identifier: AGPL-3.0-only
/** Protocol servers over the virtual file system; one package per protocol. */
package io.zerofs.server;
