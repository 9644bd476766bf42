//! OpenSSL is used by several threads at once: it has to have been built for that.

use openssl::{
    hash::MessageDigest,
    pkey::PKey,
    rsa::Rsa,
    sign::{Signer, Verifier},
};

#[test]
fn a_key_signs_for_many_threads_at_once() {
    let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let sign = || {
        (0..300).all(|_| {
            let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
            let signature = signer.sign_oneshot_to_vec(b"text").unwrap();
            let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
            verifier.verify_oneshot(&signature, b"text").unwrap_or(false)
        })
    };
    let sound = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(sign)).collect();
        threads.into_iter().all(|thread| thread.join().unwrap())
    });
    assert!(sound, "a signature is wrong: OpenSSL was built without threads");
}
