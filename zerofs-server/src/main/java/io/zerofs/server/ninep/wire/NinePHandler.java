// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep.wire;

/**
 * A method per operation, so that the compiler finds one that nobody answers.
 *
 * @param <R> what an operation gives
 * @param <E> how it fails
 */
public interface NinePHandler<R, E extends Exception> {
    R statistics(Tmessage.Tstatfs request) throws E;

    R open(Tmessage.Tlopen request) throws E;

    R create(Tmessage.Tlcreate request) throws E;

    R symlink(Tmessage.Tsymlink request) throws E;

    R makeNode(Tmessage.Tmknod request) throws E;

    R rename(Tmessage.Trename request) throws E;

    R readLink(Tmessage.Treadlink request) throws E;

    R getAttributes(Tmessage.Tgetattr request) throws E;

    R setAttributes(Tmessage.Tsetattr request) throws E;

    R xattrWalk(Tmessage.Txattrwalk request) throws E;

    R xattrCreate(Tmessage.Txattrcreate request) throws E;

    R readDirectory(Tmessage.Treaddir request) throws E;

    R sync(Tmessage.Tfsync request) throws E;

    R lock(Tmessage.Tlock request) throws E;

    R getLock(Tmessage.Tgetlock request) throws E;

    R link(Tmessage.Tlink request) throws E;

    R makeDirectory(Tmessage.Tmkdir request) throws E;

    R renameAt(Tmessage.Trenameat request) throws E;

    R unlinkAt(Tmessage.Tunlinkat request) throws E;

    R auth(Tmessage.Tauth request) throws E;

    R attach(Tmessage.Tattach request) throws E;

    R walk(Tmessage.Twalk request) throws E;

    R read(Tmessage.Tread request) throws E;

    R write(Tmessage.Twrite request) throws E;

    R clunk(Tmessage.Tclunk request) throws E;

    R remove(Tmessage.Tremove request) throws E;
}
