// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import java.nio.file.Files;
import java.nio.file.Path;

/** A file system of the kernel on a file, through a loop device. */
final class BlockMount implements AutoCloseable {
    private final Path directory;
    private final String device;

    BlockMount(Path file, Path directory) throws Exception {
        this.directory = Files.createDirectories(directory);
        device = Command.of("losetup", "--find", "--show", file).run().strip();
        try {
            Command.of("mount", device, directory).run();
        } catch (AssertionError e) {
            Command.of("losetup", "--detach", device).run();
            throw e;
        }
    }

    /** Returns why no file system can be mounted here, or an empty text. */
    static String obstacle(Path scratch) throws Exception {
        if (!System.getProperty("user.name").equals("root")) {
            return "mounting needs root";
        }
        if (!Files.exists(Path.of("/dev/loop-control")) || !Files.exists(Path.of("/dev/fuse"))) {
            return "needs loop devices and /dev/fuse";
        }
        Path file = scratch.resolve("try");
        make("ext4", file, 16);
        try (BlockMount mount = new BlockMount(file, scratch.resolve("try.mount"))) {
            return "";
        } catch (AssertionError e) {
            return "a loop device cannot be mounted: " + e.getMessage();
        }
    }

    /** Makes a file with an empty file system of so many MiB. */
    static void make(String type, Path file, int mebibytes) throws InterruptedException {
        Command.of("truncate", "-s", mebibytes + "M", file).run();
        Command.of("mkfs." + type, "-q", type.equals("ext4") ? "-F" : "-fssize=" + sectorBytes(type), file)
                .run();
    }

    /**
     * Returns the bytes that such a file system expects a disk to write whole. XFS believes the log sequence number in the
     * first bytes of a block, and leaves the rest of a torn block as it is.
     */
    static int sectorBytes(String type) {
        return type.equals("xfs") ? 4096 : 512;
    }

    @Override
    public void close() throws InterruptedException {
        Command.of("umount", directory).run();
        Command.of("losetup", "--detach", device).run();
    }
}
