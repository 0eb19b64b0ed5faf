//! Records and listings: whatever bytes come, no panic; and what is read is written as the same
//! canonical bytes each time.
#![no_main]

use cloudfront_delta::listing::Listing;
use cloudfront_delta::record::Record;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(record) = Record::from_json(bytes) {
        let written = record.to_json().expect("memory takes it");
        let again = Record::from_json(&written).expect("what was written can be read");
        assert_eq!(again, record);
        assert_eq!(again.to_json().expect("memory takes it"), written);
    }
    if let Ok(listing) = Listing::from_json(bytes) {
        let written = listing.to_json().expect("memory takes it");
        let again = Listing::from_json(&written).expect("what was written can be read");
        assert_eq!(again, listing);
        assert_eq!(again.id().ok(), listing.id().ok());
    }
});
