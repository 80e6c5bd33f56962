"""What a verdict's code says in Vietnamese."""

VIETNAMESE = {
    # not a certificate
    "unknown_prefix": "đây không phải là chứng nhận: nội dung không bắt đầu bằng HC1:",
    "no_qr_code": "không tìm thấy mã QR của chứng nhận trong hình",
    "unreadable_image": "không đọc được tệp hình hoặc tài liệu",
    "image_too_large": "hình hoặc tài liệu vượt quá giới hạn cho phép",
    # malformed
    "malformed": "nội dung sai định dạng",
    "text_too_long": "nội dung quá dài so với một chứng nhận",
    "invalid_base45": "nội dung sai mã hóa base45",
    "invalid_zlib": "nội dung nén bị hỏng hoặc bị cắt",
    "inflated_too_large": "nội dung giải nén vượt quá giới hạn",
    "invalid_cbor": "cấu trúc CBOR sai",
    "cbor_too_deep": "cấu trúc CBOR lồng quá sâu",
    "duplicate_key": "một trường xuất hiện hai lần",
    "unexpected_tag": "có thẻ CBOR mà chứng nhận không dùng",
    "invalid_cose": "cấu trúc chữ ký COSE sai",
    "unsupported_algorithm": "thuật toán ký không được hỗ trợ",
    "invalid_claim": "thiếu hoặc sai thông tin bắt buộc của chứng nhận",
    "not_one_event": "chứng nhận phải có đúng một sự kiện tiêm chủng, xét nghiệm hoặc khỏi bệnh",
    "invalid_record": "nội dung chứng nhận không đúng quy cách",
    # rejected
    "refused": "chứng nhận bị từ chối",
    "bad_signature": "chữ ký không đúng",
    "not_yet_valid": "chứng nhận chưa có hiệu lực",
    "expired": "chứng nhận đã hết hiệu lực",
    "dsc_not_valid": "chứng thư của bên ký không còn hoặc chưa có hiệu lực",
    "wrong_key_usage": "bên ký không được phép ký loại chứng nhận này",
    "refused_by_policy": "chính sách kiểm tra không chấp nhận chứng nhận này",
    "key_not_allowed": "khóa của bên ký không được phép dùng",
    # undetermined
    "trust_undetermined": "thiếu dữ liệu tin cậy để kết luận",
    "unknown_signer": "không biết bên ký: chưa có trong danh sách tin cậy",
    "stale_trust_list": "danh sách tin cậy đã quá cũ để kết luận",
}
