// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.walls.upper;

import io.zerofs.core.walls.lower.Lower;

/** Breaks the walls: this package and the other know each other. */
public record Upper(Lower other) {}
