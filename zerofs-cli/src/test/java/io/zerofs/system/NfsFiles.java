// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The files of a daemon as libnfs shows them to root. Fetched files are in the given directory. */
record NfsFiles(Path directory, String host, int port) {
    /** Returns the URL for libnfs. With one slash libnfs would mount "" for a file in the root and find no export. */
    String url(String path) {
        return "nfs://" + host + "//" + path + "?version=3&nfsport=" + port + "&mountport=" + port + "&uid=0&gid=0";
    }

    void put(Path file, String path) throws InterruptedException {
        Tool.NFS_CP.run(file, url(path));
    }

    /** Puts a file into the root under its own name. */
    void put(Path file) throws InterruptedException {
        put(file, file.getFileName().toString());
    }

    /** Returns a copy of the file, which the next call with this path replaces. */
    Path fetch(String path) throws InterruptedException, IOException {
        Path copy = copyOf(path);
        Files.deleteIfExists(copy);
        Tool.NFS_CP.run(url(path), copy);
        return copy;
    }

    private Path copyOf(String path) {
        return directory.resolve("fetched." + path.replace('/', '.'));
    }

    /** Returns false if the daemon refuses to return the file. Fails if the daemon returns it with wrong bytes. */
    boolean fetchUnlessRefused(String path, Path expected) throws InterruptedException, IOException {
        Path copy = copyOf(path);
        Files.deleteIfExists(copy);
        boolean fetched = Tool.NFS_CP.command(url(path), copy).result().status() == 0;
        if (fetched) {
            assertEquals(-1, Files.mismatch(expected, copy), path + " differs from this byte on");
        }
        return fetched;
    }

    void assertHas(String path, Path expected) throws InterruptedException, IOException {
        assertEquals(-1, Files.mismatch(expected, fetch(path)), path + " differs from this byte on");
    }

    /** Requires a file that was put into the root under its own name. */
    void assertHas(Path file) throws InterruptedException, IOException {
        assertHas(file.getFileName().toString(), file);
    }

    /** Returns the lines of nfs-ls for the root in the order of their text. */
    List<String> list() throws InterruptedException {
        return Tool.NFS_LS.run(url("")).lines().sorted().toList();
    }
}
