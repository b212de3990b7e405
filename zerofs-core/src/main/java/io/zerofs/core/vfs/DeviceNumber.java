// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/** Major and minor number of a device node; both zero for every other kind of file. */
public record DeviceNumber(int major, int minor) {
    public static final DeviceNumber NONE = new DeviceNumber(0, 0);
}
