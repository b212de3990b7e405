// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.load;

import io.netty.buffer.ByteBuf;
import io.zerofs.server.client.NinePClient;
import io.zerofs.server.client.NinePClient.Entry;
import io.zerofs.server.ninep.wire.MessageHeader;
import io.zerofs.server.ninep.wire.OpenFlags;
import io.zerofs.server.ninep.wire.Rmessage;
import io.zerofs.server.ninep.wire.Tmessage;
import io.zerofs.server.ninep.wire.WireTime;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;

/**
 * A whole file system as lines of text, one for each name, as a 9P client sees it. A line has path, mode, links, owner,
 * group, size and device. It also has the digest of the bytes or the target, attributes, inode number, mtime and ctime.
 * One thread.
 */
public final class TreeListing {
    private static final int DIRECTORY_TYPE = 4;
    private static final int KIND_MASK = 0170000;
    private static final int REGULAR = 0100000;
    private static final int SYMLINK = 0120000;
    private static final int READ_BYTES = NinePClient.MSIZE - 64;
    private static final int FIRST_FID = 1000;

    private final NinePClient client;
    private final List<String> lines = new ArrayList<>();
    private int nextFid = FIRST_FID;

    private TreeListing(NinePClient client) {
        this.client = client;
    }

    /** Lists everything below the root, which the client has attached as root. */
    public static List<String> of(NinePClient client) throws IOException, InterruptedException {
        TreeListing listing = new TreeListing(client);
        listing.add("/", NinePClient.ROOT, true);
        return listing.lines;
    }

    private void add(String path, int fid, boolean directory) throws IOException, InterruptedException {
        Rmessage.Rgetattr found = client.attributes(fid);
        // A file system decides alone about the size of a directory.
        lines.add(String.join(
                " ",
                path,
                Integer.toOctalString(found.mode()),
                Long.toString(found.links()),
                found.uid() + ":" + found.gid(),
                directory ? "-" : Long.toString(found.size()),
                Long.toHexString(found.device()),
                content(fid, found),
                attributes(fid),
                Long.toString(found.qid().path()),
                text(found.modified()),
                text(found.changed())));
        if (directory) {
            for (Entry entry : entries(fid)) {
                int child = nextFid++;
                client.walk(fid, child, entry.name());
                String below = (path.equals("/") ? path : path + "/") + printable(entry.name());
                add(below, child, entry.type() == DIRECTORY_TYPE);
                client.clunk(child);
            }
        }
    }

    /** Returns the entries in the order of their names. */
    private List<Entry> entries(int directory) throws IOException, InterruptedException {
        int fid = nextFid++;
        client.walk(directory, fid);
        client.open(fid, OpenFlags.READ_ONLY);
        List<Entry> entries = new ArrayList<>();
        List<Entry> page = client.list(fid, 0, READ_BYTES);
        while (!page.isEmpty()) {
            entries.addAll(page);
            page = client.list(fid, page.get(page.size() - 1).offset(), READ_BYTES);
        }
        client.clunk(fid);
        entries.removeIf(entry -> entry.name().equals(".") || entry.name().equals(".."));
        entries.sort(Comparator.comparing(Entry::name));
        return entries;
    }

    private String content(int file, Rmessage.Rgetattr found) throws IOException, InterruptedException {
        int kind = found.mode() & KIND_MASK;
        if (kind == SYMLINK) {
            byte[] target = client.ok(Rmessage.Rreadlink.class, new Tmessage.Treadlink(file))
                    .target();
            return "->" + printable(new String(target, StandardCharsets.ISO_8859_1));
        }
        return kind == REGULAR ? digest(file) : "-";
    }

    private String digest(int file) throws IOException, InterruptedException {
        int fid = nextFid++;
        client.walk(file, fid);
        client.open(fid, OpenFlags.READ_ONLY);
        MessageDigest digest = sha256();
        long offset = 0;
        ByteBuf data;
        do {
            data = client.ok(Rmessage.Data.class, new Tmessage.Tread(fid, offset, READ_BYTES))
                    .bytes();
            data.readerIndex(MessageHeader.DATA_OFFSET);
            offset += data.readableBytes();
            digest.update(data.nioBuffer());
        } while (data.isReadable());
        client.clunk(fid);
        return HexFormat.of().formatHex(digest.digest());
    }

    /** Returns the extended attributes in the order of their names, each with its value. */
    private String attributes(int file) throws IOException, InterruptedException {
        String names = attribute(file, "");
        StringBuilder text = new StringBuilder();
        for (String name : names.isEmpty() ? new String[0] : names.split("\0")) {
            text.append(text.isEmpty() ? "" : ",")
                    .append(printable(name))
                    .append('=')
                    .append(printable(attribute(file, name)));
        }
        return text.isEmpty() ? "-" : text.toString();
    }

    /** Returns the value of an attribute, or for an empty name the list of names. */
    private String attribute(int file, String name) throws IOException, InterruptedException {
        int fid = nextFid++;
        long size = client.ok(Rmessage.Rxattrwalk.class, new Tmessage.Txattrwalk(file, fid, NinePClient.bytes(name)))
                .size();
        StringBuilder value = new StringBuilder();
        while (value.length() < size) {
            value.append(client.read(fid, value.length(), READ_BYTES));
        }
        client.clunk(fid);
        return value.toString();
    }

    private static String text(WireTime time) {
        return time.seconds() + "." + time.nanos();
    }

    /** Returns a text without spaces, control characters and bytes beyond ASCII. */
    private static String printable(String bytes) {
        StringBuilder text = new StringBuilder();
        for (char each : bytes.toCharArray()) {
            if (each > ' ' && each < 127 && each != '%' && each != ',') {
                text.append(each);
            } else {
                text.append('%').append(HexFormat.of().toHexDigits((byte) each));
            }
        }
        return text.toString();
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }
}
