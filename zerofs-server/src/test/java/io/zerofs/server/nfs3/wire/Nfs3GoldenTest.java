// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.zerofs.core.golden.GoldenBytes;
import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.bytes.XdrReader;
import io.zerofs.server.bytes.XdrWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class Nfs3GoldenTest {
    private static final byte[] FILE = HexFormat.of().parseHex("a0a1a2a3a4a5a6a7");
    private static final byte[] DIRECTORY = HexFormat.of().parseHex("d0d1d2d3");
    private static final byte[] OTHER_DIRECTORY = HexFormat.of().parseHex("e0e1e2e3");
    private static final long VERIFIER = 0x1122334455667788L;
    private static final Sattr3 FULL = new Sattr3(
            0644,
            1000,
            -2,
            1L << 40,
            Sattr3.SetTime.SERVER_TIME,
            new Sattr3.SetTime(Sattr3.SetTime.How.CLIENT_TIME, new NfsTime3(0xF0000000, 999_999_999)));
    private static final Fattr3 ATTRIBUTES = new Fattr3(
            FileType3.REGULAR,
            04755,
            2,
            1000,
            100,
            1L << 35,
            4096,
            0,
            0,
            0x0102030405060708L,
            (1L << 48) - 1,
            new NfsTime3(1, 2),
            new NfsTime3(0x80000000, 3),
            new NfsTime3(1_700_000_000, 4));
    private static final WccData WCC =
            new WccData(new WccData.Before(17, new NfsTime3(5, 6), new NfsTime3(7, 8)), ATTRIBUTES);
    private static final WccData AFTER_ONLY = new WccData(null, ATTRIBUTES);

    private final GoldenBytes golden = GoldenBytes.load("nfs3.hex");

    Nfs3GoldenTest() throws IOException {}

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static ByteBuf payload(String text) {
        return Unpooled.wrappedBuffer(text(text));
    }

    private static Sattr3 mode(int mode) {
        return new Sattr3(mode, null, null, null, Sattr3.SetTime.DONT_CHANGE, Sattr3.SetTime.DONT_CHANGE);
    }

    private static Map<String, Nfs3Call> calls() {
        Map<String, Nfs3Call> calls = new LinkedHashMap<>();
        calls.put("GETATTR", new Nfs3Call.GetAttr(FILE));
        calls.put("SETATTR", new Nfs3Call.SetAttr(FILE, FULL, new NfsTime3(1_700_000_000, 5)));
        calls.put("SETATTR call without guard", new Nfs3Call.SetAttr(FILE, mode(0755), null));
        calls.put("LOOKUP", new Nfs3Call.Lookup(DIRECTORY, text("name1")));
        calls.put("ACCESS", new Nfs3Call.Access(FILE, 0x3f));
        calls.put("READLINK", new Nfs3Call.ReadLink(FILE));
        calls.put("READ", new Nfs3Call.Read(FILE, 0x123456789L, 65_536));
        calls.put("WRITE", new Nfs3Call.Write(FILE, 1L << 33, StableHow.FILE_SYNC, payload("hello")));
        calls.put("CREATE UNCHECKED", create(Nfs3Call.Create.Mode.UNCHECKED, mode(0600), 0));
        calls.put("CREATE GUARDED", create(Nfs3Call.Create.Mode.GUARDED, FULL, 0));
        calls.put("CREATE EXCLUSIVE", create(Nfs3Call.Create.Mode.EXCLUSIVE, Sattr3.NONE, VERIFIER));
        calls.put("MKDIR", new Nfs3Call.MkDir(DIRECTORY, text("d"), mode(01777)));
        calls.put("SYMLINK", new Nfs3Call.Symlink(DIRECTORY, text("l"), mode(0777), text("../target")));
        calls.put("MKNOD FIFO", makeNode("p", FileType3.FIFO, mode(0644), 0, 0));
        calls.put("MKNOD character device", makeNode("c", FileType3.CHARACTER_DEVICE, mode(0666), 1, 3));
        calls.put("MKNOD regular", makeNode("r", FileType3.REGULAR, Sattr3.NONE, 0, 0));
        calls.put("REMOVE", new Nfs3Call.Remove(DIRECTORY, text("abc")));
        calls.put("RMDIR", new Nfs3Call.RmDir(DIRECTORY, text("abc")));
        calls.put("RENAME", new Nfs3Call.Rename(DIRECTORY, text("old"), OTHER_DIRECTORY, text("newer")));
        calls.put("LINK", new Nfs3Call.Link(FILE, DIRECTORY, text("alias")));
        calls.put("READDIR", new Nfs3Call.ReadDir(DIRECTORY, 7, 1, 4096));
        calls.put("READDIRPLUS", new Nfs3Call.ReadDirPlus(DIRECTORY, 0, 0, 1024, 8192));
        calls.put("FSSTAT", new Nfs3Call.FsStat(DIRECTORY));
        calls.put("FSINFO", new Nfs3Call.FsInfo(DIRECTORY));
        calls.put("PATHCONF", new Nfs3Call.PathConf(FILE));
        calls.put("COMMIT", new Nfs3Call.Commit(FILE, 0, 0));
        return calls.entrySet().stream()
                .collect(Collectors.toMap(
                        entry -> entry.getKey().contains("call") ? entry.getKey() : entry.getKey() + " call",
                        Map.Entry::getValue));
    }

    private static Nfs3Call create(Nfs3Call.Create.Mode mode, Sattr3 attributes, long verifier) {
        return new Nfs3Call.Create(DIRECTORY, text("abcd"), mode, attributes, verifier);
    }

    private static Nfs3Call makeNode(String name, FileType3 type, Sattr3 attributes, int major, int minor) {
        return new Nfs3Call.MkNod(DIRECTORY, text(name), type, attributes, major, minor);
    }

    private static Map<String, Nfs3Result> results() {
        Map<String, Nfs3Result> results = new LinkedHashMap<>();
        results.put("GETATTR result", new Nfs3Result.GetAttrOk(ATTRIBUTES));
        results.put("SETATTR result", new Nfs3Result.WccOk(WCC));
        results.put("LOOKUP result", new Nfs3Result.LookupOk(FILE, ATTRIBUTES, null));
        results.put("ACCESS result", new Nfs3Result.AccessOk(ATTRIBUTES, 0x2d));
        results.put("READLINK result", new Nfs3Result.ReadLinkOk(ATTRIBUTES, text("../target")));
        results.put("READ result", new Nfs3Result.ReadOk(ATTRIBUTES, 5, true, payload("hello\0\0\0")));
        results.put("READ result without attributes", new Nfs3Result.ReadOk(null, 4, false, payload("data")));
        results.put("WRITE result", new Nfs3Result.WriteOk(WCC, 5, StableHow.UNSTABLE, VERIFIER));
        results.put("CREATE result", new Nfs3Result.CreateOk(FILE, ATTRIBUTES, WCC));
        results.put("REMOVE result", new Nfs3Result.WccOk(WCC));
        results.put("RENAME result", new Nfs3Result.RenameOk(WCC, AFTER_ONLY));
        results.put("LINK result", new Nfs3Result.LinkOk(ATTRIBUTES, WCC));
        results.put("READDIR result", new Nfs3Result.ReadDirOk(ATTRIBUTES, 1, entries()));
        results.put("READDIRPLUS result", new Nfs3Result.ReadDirOk(null, 1, entriesPlus()));
        results.put(
                "FSSTAT result",
                new Nfs3Result.FsStatOk(ATTRIBUTES, 1L << 40, 3L << 30, 2L << 30, 1L << 48, 77, 66, 0));
        results.put(
                "FSINFO result",
                new Nfs3Result.FsInfoOk(
                        ATTRIBUTES,
                        1 << 20,
                        1 << 19,
                        4096,
                        1 << 18,
                        1 << 17,
                        512,
                        65_536,
                        -1,
                        new NfsTime3(0, 1),
                        0x1b));
        results.put("PATHCONF result", new Nfs3Result.PathConfOk(ATTRIBUTES, 65_535, 255, true, true, false, true));
        results.put("COMMIT result", new Nfs3Result.CommitOk(AFTER_ONLY, VERIFIER));
        results.put("GETATTR failure", Nfs3Procedure.GETATTR.failure(Nfs3Status.STALE, ATTRIBUTES, null));
        results.put("LOOKUP failure", Nfs3Procedure.LOOKUP.failure(Nfs3Status.NOENT, ATTRIBUTES, null));
        results.put("WRITE failure", Nfs3Procedure.WRITE.failure(Nfs3Status.NOSPC, null, null));
        results.put("RENAME failure", Nfs3Procedure.RENAME.failure(Nfs3Status.XDEV, ATTRIBUTES, null));
        results.put("LINK failure", Nfs3Procedure.LINK.failure(Nfs3Status.MLINK, ATTRIBUTES, null));
        return results;
    }

    private static ByteBuf entries() {
        ByteBuf payload = Unpooled.buffer();
        DirectoryListEncoder list = new DirectoryListEncoder(payload, 4096, 4096);
        list.add(1, text("."), 1);
        list.add(42, text("abcde"), 9);
        list.finish(true);
        return payload;
    }

    private static ByteBuf entriesPlus() {
        ByteBuf payload = Unpooled.buffer();
        DirectoryListEncoder list = new DirectoryListEncoder(payload, 4096, 4096);
        list.addPlus(42, text("abcde"), 9, ATTRIBUTES, FILE);
        list.addPlus(43, text("x"), 10, null, null);
        list.finish(false);
        return payload;
    }

    private static Nfs3Procedure procedure(String name) {
        return Nfs3Procedure.valueOf(name.substring(0, name.indexOf(' ')));
    }

    private static String written(Nfs3Call call) {
        ByteBuf bytes = Unpooled.buffer();
        Nfs3CallWriter.write(call, new XdrWriter(bytes));
        return ByteBufUtil.hexDump(bytes);
    }

    private static String written(Nfs3Result result) {
        ByteBuf bytes = Unpooled.buffer();
        result.write(new XdrWriter(bytes));
        if (result instanceof Nfs3Result.WithPayload bulk) {
            assertEquals(bulk.headBytes(), bytes.readableBytes(), "announced length of " + result);
            bytes.writeBytes(bulk.payload().duplicate());
        }
        return ByteBufUtil.hexDump(bytes);
    }

    @Test
    void callsAreDecodedAsSpecified() throws MalformedMessageException {
        for (Map.Entry<String, Nfs3Call> each : calls().entrySet()) {
            String name = each.getKey();
            XdrReader in = new XdrReader(Unpooled.wrappedBuffer(golden.get(name)));
            Nfs3Call decoded = Nfs3CallDecoder.decode(procedure(name), in);
            assertEquals(0, in.remaining(), name);
            String hex = HexFormat.of().formatHex(golden.get(name));
            // The expected call and the decoded one have the same bytes, so they have the same fields.
            assertEquals(hex, written(each.getValue()), name);
            assertEquals(hex, written(decoded), name);
        }
    }

    @Test
    void resultsAreWrittenAsSpecified() throws MalformedMessageException {
        for (Map.Entry<String, Nfs3Result> each : results().entrySet()) {
            String name = each.getKey();
            String hex = HexFormat.of().formatHex(golden.get(name));
            assertEquals(hex, written(each.getValue()), name);
            Nfs3Result read =
                    Nfs3ResultReader.read(procedure(name), new XdrReader(Unpooled.wrappedBuffer(golden.get(name))));
            assertEquals(each.getValue().status(), read.status());
        }
    }

    @Test
    void everyGoldenMessageIsTested() {
        Set<String> tested = new TreeSet<>(calls().keySet());
        tested.addAll(results().keySet());
        assertEquals(new TreeSet<>(golden.names()), tested);
    }
}
