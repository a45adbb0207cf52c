// What Swift cannot see of OpenSSL 3 (function-like macros, structs), and one C function per TLS operation, so that
// nothing can come between a call, its SSL_get_error and the error queue it leaves behind. Accessors only, no struct
// fields of OpenSSL's: that is what makes this build on 3.0, 3.5 and 4.0.
#ifndef CULVERT_COPENSSL_SHIM_H
#define CULVERT_COPENSSL_SHIM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#if OPENSSL_VERSION_NUMBER < 0x30000000L
#error "Culvert needs OpenSSL 3.0 or newer (libssl-dev)"
#endif

// MARK: The window: two byte ranges lent to a BIO for the length of one call

typedef struct {
    const unsigned char *input;
    size_t input_left;
    unsigned char *output;
    size_t output_left;
} culvert_window;

static inline int culvert_window_read(BIO *bio, char *to, size_t capacity, size_t *moved) {
    culvert_window *window = (culvert_window *)BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *moved = 0;
    if (window == NULL || window->input_left == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    size_t n = capacity < window->input_left ? capacity : window->input_left;
    memcpy(to, window->input, n);
    window->input += n;
    window->input_left -= n;
    *moved = n;
    return 1;
}

static inline int culvert_window_write(BIO *bio, const char *from, size_t length, size_t *moved) {
    culvert_window *window = (culvert_window *)BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *moved = 0;
    if (length == 0) return 1;
    if (window == NULL || window->output_left == 0) {
        BIO_set_retry_write(bio);
        return 0;
    }
    size_t n = length < window->output_left ? length : window->output_left;
    memcpy(window->output, from, n);
    window->output += n;
    window->output_left -= n;
    *moved = n;
    return 1;
}

static inline long culvert_window_control(BIO *bio, int command, long number, void *pointer) {
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

// The one method table of all window BIOs; NULL when memory is short. Made once, never freed.
static inline BIO_METHOD *culvert_window_method(void) {
    int type = BIO_get_new_index();
    if (type == -1) return NULL;
    BIO_METHOD *method = BIO_meth_new(type | BIO_TYPE_SOURCE_SINK, "culvert window");
    if (method == NULL) return NULL;
    if (BIO_meth_set_read_ex(method, culvert_window_read) != 1 || BIO_meth_set_write_ex(method, culvert_window_write) != 1
        || BIO_meth_set_ctrl(method, culvert_window_control) != 1) {
        BIO_meth_free(method);
        return NULL;
    }
    return method;
}

// MARK: Verification, remembered

// Why a peer's chain was refused: OpenSSL forgets the certificates when verification fails, the operator needs them.
typedef struct {
    int error; // X509_V_ERR_*, 0 while nothing was refused
    int depth; // 0 is the peer's own certificate
    X509 *leaf;
    X509 *culprit;
} culvert_verdict;

static inline int culvert_record_verdict(int accepted, X509_STORE_CTX *store) {
    if (accepted) return accepted;
    SSL *ssl = (SSL *)X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    culvert_verdict *verdict = ssl == NULL ? NULL : (culvert_verdict *)SSL_get_app_data(ssl);
    if (verdict == NULL || verdict->error != 0) return accepted;
    verdict->error = X509_STORE_CTX_get_error(store);
    verdict->depth = X509_STORE_CTX_get_error_depth(store);
    X509 *leaf = X509_STORE_CTX_get0_cert(store);
    X509 *culprit = X509_STORE_CTX_get_current_cert(store);
    if (leaf != NULL && X509_up_ref(leaf) == 1) verdict->leaf = leaf;
    if (culprit != NULL && X509_up_ref(culprit) == 1) verdict->culprit = culprit;
    return accepted;
}

static inline void culvert_require_verification(SSL_CTX *context, int mode) {
    SSL_CTX_set_verify(context, mode, culvert_record_verdict);
}

// MARK: Application protocols

typedef struct {
    unsigned int length;
    unsigned char wire[512]; // each name after its length byte
} culvert_protocols;

static inline int culvert_select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_length,
                                          const unsigned char *offered, unsigned int offered_length, void *own) {
    (void)ssl;
    const culvert_protocols *protocols = (const culvert_protocols *)own;
    unsigned char *chosen = NULL;
    unsigned char chosen_length = 0;
    if (SSL_select_next_proto(&chosen, &chosen_length, protocols->wire, protocols->length, offered, offered_length)
        != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    *out_length = chosen_length;
    return SSL_TLSEXT_ERR_OK;
}

static inline void culvert_accept_protocols(SSL_CTX *context, culvert_protocols *protocols) {
    SSL_CTX_set_alpn_select_cb(context, culvert_select_protocol, protocols);
}

// MARK: Context settings that are macros

static inline int culvert_set_versions(SSL_CTX *context, int minimum, int maximum) {
    return SSL_CTX_set_min_proto_version(context, minimum) == 1 && SSL_CTX_set_max_proto_version(context, maximum) == 1;
}
static inline int culvert_set_groups(SSL_CTX *context, const char *list) {
    return SSL_CTX_set1_groups_list(context, list) == 1;
}
static inline int culvert_set_signature_algorithms(SSL_CTX *context, const char *list) {
    return SSL_CTX_set1_sigalgs_list(context, list) == 1;
}
static inline void culvert_set_maximum_certificate_list(SSL_CTX *context, long bytes) {
    SSL_CTX_set_max_cert_list(context, bytes);
}
static inline int culvert_add_chain_certificate(SSL_CTX *context, X509 *certificate) {
    return SSL_CTX_add1_chain_cert(context, certificate) == 1;
}

// No resumption of any kind, no renegotiation, no compression; buffers given back while idle.
static inline int culvert_set_defaults(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION
                                     | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_clear_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                                  | SSL_MODE_RELEASE_BUFFERS);
    return SSL_CTX_set_num_tickets(context, 0) == 1;
}

// Never asks at the terminal for the passphrase of an encrypted key: the first use would hang a daemon.
static inline int culvert_no_passphrase(char *buffer, int size, int writing, void *pointer) {
    (void)buffer, (void)size, (void)writing, (void)pointer;
    return -1;
}
static inline EVP_PKEY *culvert_read_private_key(BIO *bio) {
    return PEM_read_bio_PrivateKey(bio, NULL, culvert_no_passphrase, NULL);
}
static inline X509 *culvert_read_certificate(BIO *bio) {
    return PEM_read_bio_X509(bio, NULL, culvert_no_passphrase, NULL);
}

// MARK: Session

// A session on a window BIO of its own; NULL when memory is short. `verdict` must outlive it.
static inline SSL *culvert_session(SSL_CTX *context, const BIO_METHOD *method, culvert_verdict *verdict, int server) {
    SSL *ssl = SSL_new(context);
    BIO *bio = method == NULL ? NULL : BIO_new(method);
    if (ssl == NULL || bio == NULL || SSL_set_app_data(ssl, verdict) != 1) {
        SSL_free(ssl);
        BIO_free(bio);
        return NULL;
    }
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    if (server) SSL_set_accept_state(ssl);
    else SSL_set_connect_state(ssl);
    return ssl;
}

static inline int culvert_set_server_name_indication(SSL *ssl, const char *name) {
    return SSL_set_tlsext_host_name(ssl, name) == 1;
}

static inline const char *culvert_group_name(SSL *ssl) {
    int group = (int)SSL_get_negotiated_group(ssl);
    return group == 0 ? NULL : SSL_group_to_name(ssl, group);
}

typedef enum {
    culvert_handshake,
    culvert_read,
    culvert_write,
    culvert_shutdown,
} culvert_operation;

// Everything one operation did. `first` and `last` are the ends of the error queue, which is left empty.
typedef struct {
    int result;
    int error; // SSL_ERROR_*
    unsigned long first;
    unsigned long last;
    size_t moved;    // plaintext bytes read or written
    size_t consumed; // of the input
    size_t produced; // of the output
} culvert_step;

static inline culvert_step culvert_perform(SSL *ssl, culvert_operation operation, const void *input, size_t input_length,
                                           void *output, size_t output_length, void *plaintext,
                                           size_t plaintext_length) {
    culvert_step step;
    memset(&step, 0, sizeof step);
    culvert_window window = {(const unsigned char *)input, input_length, (unsigned char *)output, output_length};
    BIO *bio = SSL_get_rbio(ssl);
    BIO_set_data(bio, &window);
    ERR_clear_error(); // a stale entry would turn a harmless "want read" into a fatal error
    switch (operation) {
    case culvert_handshake: step.result = SSL_do_handshake(ssl); break;
    case culvert_read: step.result = SSL_read_ex(ssl, plaintext, plaintext_length, &step.moved); break;
    case culvert_write: step.result = SSL_write_ex(ssl, plaintext, plaintext_length, &step.moved); break;
    case culvert_shutdown: step.result = SSL_shutdown(ssl); break;
    }
    if (step.result == 1 || (operation == culvert_shutdown && step.result == 0)) step.error = SSL_ERROR_NONE;
    else step.error = SSL_get_error(ssl, step.result);
    for (unsigned long entry; (entry = ERR_get_error()) != 0; step.last = entry)
        if (step.first == 0) step.first = entry;
    BIO_set_data(bio, NULL);
    step.consumed = input_length - window.input_left;
    step.produced = output_length - window.output_left;
    return step;
}

// The oldest entry of this thread's error queue, which is left empty; 0 when there was none.
static inline unsigned long culvert_take_error(void) {
    unsigned long first = ERR_get_error();
    ERR_clear_error();
    return first;
}

// MARK: Certificates

// Seconds since 1970; 0 when the time cannot be read, which every reader takes for expired.
static inline int64_t culvert_unix_time(const ASN1_TIME *time) {
    struct tm parts;
    if (time == NULL || ASN1_TIME_to_tm(time, &parts) != 1) return 0;
    return (int64_t)timegm(&parts);
}

static inline GENERAL_NAMES *culvert_alternative_names(const X509 *certificate) {
    return (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
}
static inline int culvert_name_count(const GENERAL_NAMES *names) {
    return names == NULL ? 0 : sk_GENERAL_NAME_num(names);
}
static inline void culvert_free_names(GENERAL_NAMES *names) {
    GENERAL_NAMES_free(names);
}

// The GEN_* type of one name; its bytes (not terminated, NUL possible) for URI, DNS and IP names, else none.
static inline int culvert_name(const GENERAL_NAMES *names, int index, const unsigned char **bytes, size_t *length) {
    *bytes = NULL;
    *length = 0;
    int type = -1;
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    if (name == NULL) return -1;
    const void *value = GENERAL_NAME_get0_value(name, &type);
    if (value == NULL || (type != GEN_URI && type != GEN_DNS && type != GEN_IPADD)) return type;
    const ASN1_STRING *string = (const ASN1_STRING *)value;
    int n = ASN1_STRING_length(string);
    *bytes = ASN1_STRING_get0_data(string);
    *length = n < 0 || *bytes == NULL ? 0 : (size_t)n;
    return type;
}

static inline size_t culvert_serial(const X509 *certificate, const unsigned char **bytes) {
    const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
    int n = serial == NULL ? 0 : ASN1_STRING_length(serial);
    *bytes = n <= 0 ? NULL : ASN1_STRING_get0_data(serial);
    return *bytes == NULL ? 0 : (size_t)n;
}

// Writes an RFC 2253 rendering of at most `capacity` bytes; for people and logs, never for identity.
static inline size_t culvert_print_name(const X509_NAME *name, char *to, size_t capacity) {
    BIO *bio = BIO_new(BIO_s_mem());
    size_t n = 0;
    if (bio != NULL && name != NULL && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0) {
        int got = BIO_read(bio, to, capacity > 4096 ? 4096 : (int)capacity);
        n = got < 0 ? 0 : (size_t)got;
    }
    BIO_free(bio);
    return n;
}

// SHA-256 of the DER form of the certificate's public key (SubjectPublicKeyInfo); 0 when it cannot be written.
static inline int culvert_public_key_hash(const X509 *certificate, unsigned char hash[32]) {
    unsigned char *der = NULL;
    int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    unsigned int written = 0;
    int done = length > 0 && EVP_Digest(der, (size_t)length, hash, &written, EVP_sha256(), NULL) == 1 && written == 32;
    OPENSSL_free(der);
    return done;
}

static inline int culvert_sha256(const void *bytes, size_t length, unsigned char hash[32]) {
    unsigned int written = 0;
    return EVP_Digest(bytes, length, hash, &written, EVP_sha256(), NULL) == 1 && written == 32;
}

#endif
