//! Stands in for the crate `crc-fast`, of which the AWS SDK uses three checksums.
//!
//! The original holds the tables of all algorithms that it knows, 0.7 MB that no compression makes
//! smaller, and chooses among them at run time, so that no linker can leave any out: a seventh of
//! what a pull of the image transfers. The SDK sums one small object a deploy, the record.
//!
//! `Cargo.toml` puts it in the original's place. Should the SDK come to need more, it will not
//! compile; should it ask for a later version, cargo warns that the patch is unused, and the check of
//! the image's size fails.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

/// The checksums that S3 knows, with the names of the original.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrcAlgorithm {
    /// CRC-32, the one of gzip and zip.
    Crc32IsoHdlc,
    /// CRC-32C.
    Crc32Iscsi,
    /// CRC-64/NVME.
    Crc64Nvme,
}

/// A checksum of all bytes so far.
#[derive(Clone, Debug)]
pub struct Digest {
    table: &'static [u64; 256],
    /// All ones before the first byte, and the last step turns all bits round: so it is for all three.
    ones: u64,
    state: u64,
}

impl Digest {
    /// The checksum of no bytes.
    #[must_use]
    pub fn new(algorithm: CrcAlgorithm) -> Self {
        let (table, ones) = match algorithm {
            CrcAlgorithm::Crc32IsoHdlc => (&CRC32, u64::from(u32::MAX)),
            CrcAlgorithm::Crc32Iscsi => (&CRC32C, u64::from(u32::MAX)),
            CrcAlgorithm::Crc64Nvme => (&CRC64NVME, u64::MAX),
        };
        Self {
            table,
            ones,
            state: ones,
        }
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let [low, ..] = self.state.to_le_bytes();
            self.state = self.table[usize::from(low ^ byte)] ^ (self.state >> 8);
        }
    }

    /// The checksum, in the low bits.
    #[must_use]
    pub fn finalize(&self) -> u64 {
        self.state ^ self.ones
    }
}

// The polynomials, lowest power first.
static CRC32: [u64; 256] = table(0xEDB8_8320);
static CRC32C: [u64; 256] = table(0x82F6_3B78);
static CRC64NVME: [u64; 256] = table(0x9A6C_9329_AC4B_C9B5);

/// What each lowest byte adds to the rest.
const fn table(polynomial: u64) -> [u64; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < table.len() {
        let mut value = byte as u64;
        let mut bit = 0;
        while bit < 8 {
            value = (value >> 1) ^ if value & 1 == 1 { polynomial } else { 0 };
            bit += 1;
        }
        table[byte] = value;
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::{CrcAlgorithm, Digest};

    /// The column "check" of the catalogue of parametrised CRC algorithms
    /// (reveng.sourceforge.io/crc-catalogue): the sums of the digits 1 to 9.
    #[test]
    fn the_catalogue_s_check_values() {
        for (algorithm, check) in [
            (CrcAlgorithm::Crc32IsoHdlc, 0xCBF4_3926),
            (CrcAlgorithm::Crc32Iscsi, 0xE306_9283),
            (CrcAlgorithm::Crc64Nvme, 0xAE8B_1486_0A79_9888),
        ] {
            for split in 0..=9 {
                let (start, rest) = b"123456789".split_at(split);
                let mut digest = Digest::new(algorithm);
                digest.update(start);
                digest.update(rest);
                assert_eq!(digest.finalize(), check, "{algorithm:?}");
            }
            assert_eq!(Digest::new(algorithm).finalize(), 0);
        }
    }
}
