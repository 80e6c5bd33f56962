"""Excel workbooks (ISO/IEC 29500, SpreadsheetML), read as a stream in bounded memory whatever the file claims."""
