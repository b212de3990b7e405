// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.walls.lower;

import io.zerofs.core.walls.upper.Upper;

/** Breaks the walls: this package and the other know each other. */
public record Lower(Upper other) {}
