// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.walls.server;

/** A module that storage must not see. */
public final class Server {}
