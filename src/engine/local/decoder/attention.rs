//! The attention of one layer, from rows to rows.

use super::{Attention, Call, Decoder, Linear, Norm, buffers::Buffers};
use crate::engine::local::{
    family::{Alibi, Inputs, Latent},
    kernel::{self, Heads},
};

impl Decoder {
    /// Attention of the layer `index` for all rows of a call.
    pub(super) fn attention(
        &self,
        rows: &[f32],
        index: usize,
        attention: &Attention,
        out: &mut [f32],
        call: &mut Call<'_, '_>,
    ) {
        let heads = attention.heads;
        let (queries, keys) = (heads.queries * heads.dim, heads.keys * heads.dim);
        let width = queries + keys + heads.keys * heads.values;
        let tokens = call.laid.rows();
        let mut qkv = call.buffers.take(tokens * width);
        match &attention.inputs {
            Inputs::Direct(linear) => self.linear(rows, linear, &mut qkv),
            Inputs::Latent(latent) => self.latent(rows, latent, heads, &mut qkv, &mut call.buffers),
        } // [tokens, queries · dim + keys · dim + keys · values]
        if let Some(norms) = &attention.norms {
            self.norm_columns(&mut qkv, width, 0..queries, &norms.queries, &mut call.buffers);
            self.norm_columns(&mut qkv, width, queries..queries + keys, &norms.keys, &mut call.buffers);
        }
        if let Some(clip) = attention.clip {
            for value in &mut *qkv {
                *value = value.clamp(-clip, clip);
            }
        }
        if let Some((cos, sin)) = attention.rotary.map(|rotary| &call.angles[rotary]) {
            kernel::rotate(self.isa, &mut qkv, width, heads.queries + heads.keys, heads.dim, cos, sin);
        }
        let mut attended = call.buffers.take(tokens * heads.queries * heads.values);
        let spans = call.laid.remember(call.batch, index, heads, &qkv, width);
        let kernel = kernel::Attention {
            heads,
            scale: attention.scale,
            softcap: attention.softcap,
            window: attention.window,
            alibi: attention.alibi.as_ref().map(|alibi| match alibi {
                Alibi::Exact(slopes) => kernel::Alibi::Exact(slopes),
                Alibi::Bf16(slopes) => kernel::Alibi::Bf16(slopes),
            }),
            sinks: attention.sinks.as_deref(),
        };
        kernel::attend(self.isa, &kernel, &qkv, width, &spans, &mut attended); // [tokens, queries · values]
        drop(spans);
        self.linear(&attended, &attention.output, out);
        call.buffers.give([qkv, attended]);
    }

    /// Normalizes some columns of rows in place: all of them, or head by head, as many as the norm takes at once.
    fn norm_columns(
        &self,
        rows: &mut [f32],
        width: usize,
        columns: std::ops::Range<usize>,
        norm: &Norm,
        buffers: &mut Buffers,
    ) {
        let len = columns.len() * (rows.len() / width);
        let (mut own, mut normed) = (buffers.take(len), buffers.take(len));
        let parts = own.chunks_mut(columns.len().max(1));
        for (part, row) in parts.zip(rows.chunks(width)) {
            part.copy_from_slice(&row[columns.clone()]);
        }
        norm.heads(self.isa, &own, columns.len(), &mut normed);
        for (row, part) in rows.chunks_mut(width).zip(normed.chunks(columns.len().max(1))) {
            row[columns.clone()].copy_from_slice(part);
        }
        buffers.give([own, normed]);
    }

    /// Queries, keys and values through narrow rows.
    fn latent(
        &self,
        rows: &[f32],
        latent: &Latent<Linear, Norm>,
        heads: Heads,
        qkv: &mut [f32],
        buffers: &mut Buffers,
    ) {
        let (queries, dim, turned) = (heads.queries * heads.dim, heads.dim, latent.rotated);
        let still = dim - turned;
        let width = queries + heads.keys * (dim + heads.values);
        let tokens = qkv.len() / width;
        let mut query = buffers.take(tokens * queries);
        if let Some((down, norm)) = &latent.query_down {
            let (mut narrow, mut normed) =
                (buffers.take(tokens * down.outputs()), buffers.take(tokens * down.outputs()));
            self.linear(rows, down, &mut narrow);
            self.norm(&narrow, norm, &mut normed);
            self.linear(&normed, &latent.query, &mut query);
            buffers.give([narrow, normed]);
        } else {
            self.linear(rows, &latent.query, &mut query);
        }
        let rank = latent.norm.weight.len();
        let mut down = buffers.take(tokens * (rank + turned));
        self.linear(rows, &latent.down, &mut down); // [tokens, rank + turned]
        let (mut narrow, mut normed) = (buffers.take(tokens * rank), buffers.take(tokens * rank));
        for (narrow, down) in narrow.chunks_mut(rank).zip(down.chunks(rank + turned)) {
            narrow.copy_from_slice(&down[..rank]);
        }
        self.norm(&narrow, &latent.norm, &mut normed);
        let mut up = buffers.take(tokens * latent.up.outputs());
        self.linear(&normed, &latent.up, &mut up); // [tokens, keys · (still + values)]

        let up_rows = up.chunks(latent.up.outputs());
        let parts = query.chunks(queries).zip(down.chunks(rank + turned)).zip(up_rows);
        for (row, ((query, down), up)) in qkv.chunks_mut(width).zip(parts) {
            let (row_queries, rest) = row.split_at_mut(queries);
            let (row_keys, row_values) = rest.split_at_mut(heads.keys * dim);
            let (keys, values) = up.split_at(heads.keys * still);
            row_queries.copy_from_slice(query);
            row_values.copy_from_slice(values);
            for (head, row) in row_keys.chunks_mut(dim).enumerate() {
                row[..turned].copy_from_slice(&down[rank..]);
                row[turned..].copy_from_slice(&keys[head * still..][..still]);
            }
        }
        buffers.give([query, down, narrow, normed, up]);
    }
}

impl Norm {
    /// Normalizes rows of `width` values in pieces, which share the weights, or have their own.
    fn heads(&self, isa: kernel::Isa, rows: &[f32], width: usize, out: &mut [f32]) {
        let piece = self.piece;
        if piece == self.weight.len() {
            self.norm.apply(isa, rows, &self.weight, self.bias.as_deref(), out);
            return;
        }
        for (row, out) in rows.chunks(width).zip(out.chunks_mut(width)) {
            let pieces = row.chunks(piece).zip(out.chunks_mut(piece)).zip(self.weight.chunks(piece));
            for (at, ((row, out), weight)) in pieces.enumerate() {
                let bias = self.bias.as_ref().map(|bias| &bias[at * piece..][..piece]);
                self.norm.apply(isa, row, weight, bias, out);
            }
        }
    }
}
