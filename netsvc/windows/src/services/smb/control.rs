//! IOCTL ([MS-SMB2] §3.3.5.15).

use super::{
    connection::Connection,
    flavour::Family,
    message::{Reply, Request},
    open::What,
    session::Before,
    share::Kind,
    status::Status,
    wire::{Put, Reader, count, text},
};
use netsvc_kit::Out;
use netsvc_wire::{Kind as Event, field};
use std::net::IpAddr;

/// Codes.
const DFS_REFERRALS: u32 = 0x0006_0194;
const DFS_REFERRALS_EX: u32 = 0x0006_01b0;
const PIPE_PEEK: u32 = 0x0011_400c;
const PIPE_WAIT: u32 = 0x0011_0018;
const PIPE_TRANSCEIVE: u32 = 0x0011_c017;
const INTERFACES: u32 = 0x0014_01fc;
const VALIDATE: u32 = 0x0014_0204;
const OBJECT_ID: u32 = 0x0009_00c0;
const REPARSE_POINT: u32 = 0x0009_00a8;
const SNAPSHOTS: u32 = 0x0014_4064;

/// What was asked.
struct Asked<'a> {
    code: u32,
    input: &'a [u8],
    most: usize,
    file: [u8; 16],
}

impl<'a> Asked<'a> {
    fn parse(request: &Request<'a>) -> Option<Self> {
        let mut reader = request.body();
        reader.skip(4)?;
        let code = reader.u32()?;
        let file = reader.take(16)?.try_into().ok()?;
        let place = |number: u32| usize::try_from(number).ok();
        let (offset, length) = (place(reader.u32()?)?, place(reader.u32()?)?);
        reader.skip(12)?;
        let most = place(reader.u32()?)?;
        Some(Asked { code, input: request.piece(offset, length)?, most, file })
    }

    fn answer(&self, status: Status, output: &[u8]) -> Reply {
        let mut body = Vec::new();
        body.u16(49).u16(0).u32(self.code).bytes(&self.file).u32(112).u32(0);
        body.u32(112).u32(count(output.len())).u32(0).u32(0).bytes(output);
        Reply { status, ..Reply::new(body) }
    }
}

impl Connection {
    /// Answers IOCTL.
    pub(super) fn control(
        &mut self,
        request: &Request<'_>,
        before: &Before,
        out: &mut Out,
    ) -> Result<Reply, Status> {
        let asked = Asked::parse(request).ok_or(Status::INVALID_PARAMETER)?;
        match asked.code {
            DFS_REFERRALS | DFS_REFERRALS_EX => {
                let path = text(asked.input.get(2..).unwrap_or_default());
                let path = path.trim_end_matches('\0').to_owned();
                out.record(Event::Command, vec![(field::COMMAND, format!("DFS {path}").into_bytes())]);
                Err(match (self.flavour.family, self.flavour.controller) {
                    (Family::Windows, false) => Status::FS_DRIVER_REQUIRED,
                    _ => Status::NOT_FOUND,
                })
            }
            VALIDATE => self.validate(&asked, out),
            INTERFACES if 0x0300 <= self.agreed.as_ref().map_or(0, |agreed| agreed.dialect) => {
                Ok(asked.answer(Status::SUCCESS, &self.interfaces()))
            }
            PIPE_WAIT => {
                let length = Reader::new(asked.input.get(8..).unwrap_or_default()).u32().unwrap_or(0);
                let length = usize::try_from(length).unwrap_or(0);
                let name = text(super::wire::piece(asked.input, 14, length).unwrap_or_default());
                match super::pipe::exists(&self.flavour, &name.to_lowercase()) {
                    true => Ok(asked.answer(Status::SUCCESS, &[])),
                    false => Err(Status::OBJECT_NAME_NOT_FOUND),
                }
            }
            _ => self.control_open(&asked, request, before, out),
        }
    }

    /// Answers what is asked of something that is open.
    fn control_open(
        &mut self,
        asked: &Asked<'_>,
        request: &Request<'_>,
        before: &Before,
        out: &mut Out,
    ) -> Result<Reply, Status> {
        let most = asked.most.min(self.most());
        let (tree, open) = self.parts(request, 8, before)?;
        if let What::Pipe(pipe) = &mut open.what {
            return match asked.code {
                PIPE_TRANSCEIVE => {
                    pipe.write(asked.input, out)?;
                    let (data, more) = pipe.read(most)?;
                    let status = if more { Status::BUFFER_OVERFLOW } else { Status::SUCCESS };
                    Ok(asked.answer(status, &data))
                }
                PIPE_PEEK => {
                    let mut told = Vec::new();
                    told.u32(3).u32(count(pipe.waiting())).u32(0).u32(0);
                    Ok(asked.answer(Status::SUCCESS, &told))
                }
                _ => Err(Status::INVALID_DEVICE_REQUEST),
            };
        }
        match asked.code {
            REPARSE_POINT => Err(Status::NOT_A_REPARSE_POINT),
            SNAPSHOTS if most < 16 => Err(Status::INVALID_PARAMETER),
            SNAPSHOTS => Ok(asked.answer(Status::SUCCESS, &[0; 16])),
            OBJECT_ID if tree.share.kind == Kind::Disk => {
                let meta = super::info::meta(tree, open)?;
                let mut id = Vec::new();
                id.u64(meta.id).u64(0x0a2c_4e91).bytes(&[0; 48]);
                Ok(asked.answer(Status::SUCCESS, &id))
            }
            _ => Err(Status::INVALID_DEVICE_REQUEST),
        }
    }

    /// Says again what was agreed on, for peers who fear that somebody in between changed it.
    fn validate(&mut self, asked: &Asked<'_>, out: &mut Out) -> Result<Reply, Status> {
        let Some(agreed) = self.agreed.clone() else { return Err(Status::INVALID_PARAMETER) };
        let mut reader = Reader::new(asked.input);
        let client = &agreed.client;
        let mut check = || {
            let same = reader.u32()? == client.capabilities
                && reader.take(16)? == client.guid
                && reader.u16()? == client.mode;
            let number = reader.u16()?;
            let dialects: Option<Vec<u16>> = (0..number).map(|_| reader.u16()).collect();
            Some(same && dialects? == client.dialects)
        };
        if agreed.dialect == 0x0311 || check() != Some(true) || asked.most < 24 {
            // Somebody did; and in 3.1.1 nobody has to ask.
            self.hang_up(out);
            return Err(Status::ACCESS_DENIED);
        }
        let mut told = Vec::new();
        told.u32(agreed.capabilities).bytes(&self.flavour.guid).u16(self.flavour.mode()).u16(agreed.dialect);
        Ok(asked.answer(Status::SUCCESS, &told))
    }

    /// The one interface of the node.
    fn interfaces(&self) -> Vec<u8> {
        let mut told = Vec::new();
        let rss = u32::from(self.flavour.family == Family::Windows);
        told.u32(0).u32(12).u32(rss).u32(0).u64(1_000_000_000).u16(2).u16(0);
        if let IpAddr::V4(address) = self.host.persona().ip {
            told.bytes(&address.octets());
        }
        told.resize(152, 0);
        told
    }
}
