//+------------------------------------------------------------------+
//| HMAC-SHA256 (RFC 2104) over CryptEncode, and base64.             |
//| Texts are UTF-8 bytes without the closing zero, or the signature |
//| would cover one byte that is never sent.                         |
//+------------------------------------------------------------------+
#define HMAC_BLOCK 64

//--- the bytes of a text as UTF-8, without the zero that StringToCharArray appends
int Utf8Bytes(const string text, uchar &bytes[])
  {
   ArrayResize(bytes, 0);
   if(StringLen(text) == 0)
      return(0);
   int count = StringToCharArray(text, bytes, 0, WHOLE_ARRAY, CP_UTF8);
   if(count > 0 && bytes[count - 1] == 0)
      count--;
   ArrayResize(bytes, count);
   return(count);
  }

bool Sha256(const uchar &data[], uchar &digest[])
  {
   uchar no_key[];
   ArrayResize(no_key, 0);
   return(CryptEncode(CRYPT_HASH_SHA256, data, no_key, digest) == 32);
  }

//--- key' = the key, or its hash when it is longer than a block, filled with zeros
bool HmacBlock(const uchar &key[], const uchar pad, uchar &block[])
  {
   uchar used[];
   if(ArraySize(key) > HMAC_BLOCK)
     {
      if(!Sha256(key, used))
         return(false);
     }
   else
      ArrayCopy(used, key);
   ArrayResize(block, HMAC_BLOCK);
   int size = ArraySize(used);
   for(int i = 0; i < HMAC_BLOCK; i++)
      block[i] = (uchar)((i < size ? used[i] : 0) ^ pad);
   return(true);
  }

//--- HMAC = H(key' ^ 5c.. | H(key' ^ 36.. | message))
bool HmacSha256(const uchar &key[], const uchar &message[], uchar &mac[])
  {
   uchar inner[], outer[], digest[];
   if(!HmacBlock(key, 0x36, inner) || !HmacBlock(key, 0x5c, outer))
      return(false);
   ArrayCopy(inner, message, HMAC_BLOCK);
   if(!Sha256(inner, digest))
      return(false);
   ArrayCopy(outer, digest, HMAC_BLOCK);
   return(Sha256(outer, mac));
  }

string Base64(const uchar &data[])
  {
   uchar no_key[], encoded[];
   ArrayResize(no_key, 0);
   if(CryptEncode(CRYPT_BASE64, data, no_key, encoded) <= 0)
      return("");
   return(CharArrayToString(encoded, 0, ArraySize(encoded), CP_UTF8));
  }

//--- base64 of the HMAC of a canonical text under a secret as it was shown
string SignText(const string secret, const string canonical)
  {
   uchar key[], message[], mac[];
   Utf8Bytes(secret, key);
   Utf8Bytes(canonical, message);
   if(!HmacSha256(key, message, mac))
      return("");
   return(Base64(mac));
  }
//+------------------------------------------------------------------+
