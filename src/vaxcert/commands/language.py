"""What a verdict's codes say in Vietnamese.

`{message}` stands for the English message, where that has facts such as the names of fields; `{issued}` and `{expires}`
for the certificate's own instants, `{revoked}` for the one in a revocation list, where it has one.
"""

VIETNAMESE = {
    # not a certificate
    "unknown_prefix": "đây không phải là chứng nhận: nội dung không bắt đầu bằng HC1:",
    "no_qr_code": "không tìm thấy mã QR của chứng nhận trong hình",
    "unreadable_image": "không đọc được tệp hình hoặc tài liệu",
    "image_too_large": "hình hoặc tài liệu vượt quá giới hạn cho phép",
    "pdf_too_large": "tệp PDF vượt quá giới hạn cho phép",
    "qr_overflow": "nội dung không vừa một mã QR",
    "qr_alphabet": "nội dung có ký tự mà mã QR không mã hóa được",
    "qr_layout": "không tạo được mã QR với các thông số này ({message})",
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
    "invalid_claim": "thiếu hoặc sai thông tin bắt buộc của chứng nhận ({message})",
    "not_one_event": "chứng nhận phải có đúng một sự kiện tiêm chủng, xét nghiệm hoặc khỏi bệnh",
    "invalid_record": "nội dung chứng nhận không đúng quy cách ({message})",
    "invalid_uvci": "mã định danh của chứng nhận sai",
    "invalid_date": "ngày tháng sai",
    "invalid_name": "không chuyển tự được họ tên",
    "unusable_name": "họ tên thiếu, quá dài hoặc bị hỏng",
    # rejected
    "refused": "chứng nhận bị từ chối",
    "bad_signature": "chữ ký không đúng",
    "not_yet_valid": "chứng nhận chưa có hiệu lực: có hiệu lực từ {issued}",
    "expired": "chứng nhận đã hết hiệu lực từ {expires}",
    "dsc_not_valid": "chứng thư của bên ký không còn hoặc chưa có hiệu lực",
    "wrong_key_usage": "bên ký không được phép ký loại chứng nhận này",
    "revoked": "chứng nhận đã bị thu hồi{revoked}",
    "superseded": "chứng nhận đã được thay bằng chứng nhận mới hơn{revoked}",
    "refused_by_policy": "chính sách kiểm tra không chấp nhận chứng nhận này",
    "key_not_allowed": "khóa của bên ký không được phép dùng ({message})",
    "ledger_proof_invalid": "bằng chứng về sổ không đúng",
    "inclusion_proof_invalid": "bằng chứng không dẫn đến gốc của sổ: chứng nhận không có ở đó",
    "consistency_proof_invalid": "hai trạng thái của sổ mâu thuẫn nhau ({message})",
    "note_invalid": "bản ghi có chữ ký của sổ sai ({message})",
    "checkpoint_invalid": "điểm kiểm của sổ sai ({message})",
    "receipt_invalid": "biên nhận không chứng minh được chứng nhận này có trong sổ ({message})",
    "tile_invalid": "dữ liệu của sổ sai định dạng",
    "chain_proof_invalid": "bằng chứng trên chuỗi không đúng ({message})",
    # undetermined
    "receipt_missing": "thiếu biên nhận: chưa rõ chứng nhận có trong sổ hay không",
    "unknown_log": "không biết sổ mà biên nhận nói đến",
    "trust_undetermined": "thiếu dữ liệu tin cậy để kết luận",
    "unknown_signer": "không biết bên ký: chưa có trong danh sách tin cậy",
    "stale_trust_list": "danh sách tin cậy đã quá cũ để kết luận ({message})",
    "stale_revocation_list": "danh sách thu hồi đã quá cũ để kết luận ({message})",
    "invalid_revocation_list": "không đọc được danh sách thu hồi ({message})",
    "invalid_revocation_batch": "không đọc được gói thu hồi của EU ({message})",
    "invalid_revocation_slice": "một phần của danh sách thu hồi bị hỏng hoặc không dùng được ({message})",
    "untrusted_revocation_list": "danh sách thu hồi không do bên được tin cậy ký ({message})",
    "older_revocation_list": "danh sách thu hồi cũ hơn danh sách đang giữ ({message})",
    "invalid_trust_list": "không đọc được danh sách tin cậy ({message})",
    "invalid_trust_entry": "một mục trong danh sách tin cậy không dùng được ({message})",
    "dsc_not_chained": "chứng thư của bên ký không do CSCA được tin cậy cấp",
    # not read at all
    "storage_failed": "không đọc được dữ liệu ({message})",
    "invalid_input": "dữ liệu đầu vào sai định dạng ({message})",
    "missing_dependency": "thiếu một thư viện cần thiết ({message})",
}
"""Why a certificate is not valid, by the code of the error."""

VIETNAMESE_WARNINGS = {
    "date_time_cut": "nơi cần ngày lại ghi cả giờ; phần giờ được bỏ qua",
    "deprecated_code": "một mã nay không còn dùng ({message})",
    "empty_member_dropped": "một trường rỗng được bỏ qua",
    "float_as_integer": "số mũi tiêm ghi dưới dạng số thực",
    "float_instant": "thời điểm ghi dưới dạng số thực ({message})",
    "manufacturer_mismatch": "nhà sản xuất không khớp với vắc xin ({message})",
    "name_signs_dropped": "tên chuẩn hóa có ký tự ngoài chữ in hoa và dấu <",
    "null_dropped": "một trường không có giá trị được bỏ qua",
    "other_codes": "bên cạnh còn có mã QR không phải chứng nhận",
    "outlives_dsc": "chứng nhận hết hạn sau chứng thư của bên ký",
    "predates_dsc": "chứng nhận đề ngày trước khi chứng thư của bên ký có hiệu lực",
    "signer_country_mismatch": "chứng nhận ghi quốc gia khác với quốc gia của bên ký",
    "outside_stated_dates": "ngày kiểm tra nằm ngoài thời hạn ghi trên chứng nhận khỏi bệnh",
    "unknown_code": "một mã không có trong bộ giá trị ({message})",
    "unknown_member": "nội dung có trường mà quy cách không biết",
    "unknown_schema_version": "phiên bản quy cách không biết ({message})",
    "unprotected_algorithm": "thuật toán ký không nằm trong phần được bảo vệ",
    "unreadable_date": "một ngày không tồn tại hoặc không đọc được",
    "vaccine_mismatch": "loại vắc xin không khớp với sản phẩm ({message})",
    "whitespace_trimmed": "khoảng trắng thừa được bỏ qua",
}
"""What is out of order with a certificate without changing the outcome, by the code of the warning."""

VIETNAMESE_HINTS = {
    "unknown_prefix": "chứng nhận bắt đầu bằng HC1:",
    "no_qr_code": "chụp gần hơn, thẳng góc và đủ sáng",
    "invalid_input": "lưu tệp bằng mã UTF-8",
    "unknown_signer": "thêm chứng thư của bên ký bằng --trust, hoặc cập nhật danh sách tin cậy",
    "stale_trust_list": "nhập danh sách tin cậy mới hơn",
    "revoked": "người giữ có thể hỏi cơ quan cấp về lý do và xin chứng nhận mới",
    "superseded": "yêu cầu xuất trình chứng nhận mới hơn: chứng nhận này đã được gia hạn hoặc đính chính",
    "stale_revocation_list": "lấy danh sách thu hồi mới hơn từ nơi công bố",
    "receipt_missing": "người giữ chứng nhận nhận biên nhận từ cơ quan cấp",
    "unknown_log": "thêm khóa công khai của sổ bằng --log",
    "key_not_allowed": "có thể chấp nhận bằng --allow, nếu chính sách cho phép",
}
"""What the reader can do, by the code of the error."""
