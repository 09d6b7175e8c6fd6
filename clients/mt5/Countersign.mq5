//+------------------------------------------------------------------+
//| Countersign: a terminal that carries out approved orders.        |
//|                                                                  |
//| Allow the server's URL under Tools > Options > Expert Advisors > |
//| Allow WebRequest; requests are synchronous, so everything runs   |
//| on the timer and nothing on ticks.  The protocol is described in |
//| docs/guide/terminal.md.                                          |
//|                                                                  |
//| An order is sent at most once: deliveries that were taken are    |
//| kept in a file before they are sent, the terminal looks for an   |
//| order that bears the magic before it sends one, and what became  |
//| of it is told only where the broker has said so.                 |
//+------------------------------------------------------------------+
#property version "1.11"

#include "Hmac.mqh"

input string ServerUrl    = "https://countersign.example.com"; // without a slash at the end
input string DeviceId     = "";
input string DeviceSecret = "";
input int    SnapshotSeconds = 10;
input int    TimeoutMs    = 5000;

#define STATE_FILE "Countersign.deliveries.txt"
#define ORDER_CELLS 18
#define COMMAND_CELLS 11
#define LEARN_MS  600000     // between two looks at the server's clock: the computer's may have been set
#define SETTLE_MS 5000       // from the connection to the broker until what the account holds is known
#define REQUOTES 3           // orders sent at most while the price moves
#define QUOTES_MAX 1000      // symbols of Market Watch: a snapshot has at most 512 KiB
#define MAGIC_MAX 9007199254740991 // 2^53-1

long     offset_ms = 0;      // of the server's clock to ours
ulong    counter = 0;        // makes nonces of one millisecond different
ulong    sequence = 0;       // of snapshots
bool     starting = true;    // ask for the open leases once
ulong    next_poll = 0, next_snapshot = 0, next_learning = 0; // by GetTickCount64: nobody sets it back
ulong    connected_at = 0;   // milliseconds since the computer's start; 0: not connected
int      last_error = 0;     // of WebRequest, as it was printed
bool     may_trade = true;   // as it was printed

//+------------------------------------------------------------------+
//| Time: the server's, by the offset that /api/v1/time taught       |
//+------------------------------------------------------------------+
long NowMs()
  {
   return((long)TimeGMT() * 1000 + offset_ms);
  }

string Stamp(const long ms)
  {
   MqlDateTime t;
   TimeToStruct((datetime)(ms / 1000), t);
   return(StringFormat("%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", t.year, t.mon, t.day, t.hour, t.min, t.sec,
                       (int)(ms % 1000)));
  }

//--- "2025-01-01T00:00:00.000000Z" in milliseconds, the fraction dropped
long MsOf(const string stamp)
  {
   MqlDateTime t;
   ZeroMemory(t);
   t.year = (int)StringToInteger(StringSubstr(stamp, 0, 4));
   t.mon = (int)StringToInteger(StringSubstr(stamp, 5, 2));
   t.day = (int)StringToInteger(StringSubstr(stamp, 8, 2));
   t.hour = (int)StringToInteger(StringSubstr(stamp, 11, 2));
   t.min = (int)StringToInteger(StringSubstr(stamp, 14, 2));
   t.sec = (int)StringToInteger(StringSubstr(stamp, 17, 2));
   return((long)StructToTime(t) * 1000);
  }

//--- the number that follows "name": in a JSON text; -1 when it is not there
long JsonNumber(const string text, const string name)
  {
   int at = StringFind(text, "\"" + name + "\":");
   if(at < 0)
      return(-1);
   return(StringToInteger(StringSubstr(text, at + StringLen(name) + 3, 20)));
  }

bool LearnTime()
  {
   uchar body[], answer[];
   string headers;
   ArrayResize(body, 0);
   int status = WebRequest("GET", ServerUrl + "/api/v1/time", "", TimeoutMs, body, answer, headers);
   long server = JsonNumber(CharArrayToString(answer, 0, WHOLE_ARRAY, CP_UTF8), "unix_ms");
   if(status != 200 || server < 0)
      return(false);
   offset_ms = server - (long)TimeGMT() * 1000;
   return(true);
  }

//--- once, not every second; 0: it answered
void TellError(const int error)
  {
   if(error == last_error)
      return;
   last_error = error;
   if(error == 4014) // ERR_FUNCTION_NOT_ALLOWED
      Print("Countersign: allow WebRequest for ", ServerUrl, " under Tools > Options > Expert Advisors");
   else if(error != 0)
      PrintFormat("Countersign: %s does not answer: error %d", ServerUrl, error);
   else
      PrintFormat("Countersign: %s answers", ServerUrl);
  }

//+------------------------------------------------------------------+
//| Requests: METHOD|PATH|BODY|DEVICE_ID|NONCE|TIMESTAMP             |
//+------------------------------------------------------------------+
int AskOnce(const string method, const string target, const string content, string &answered, string &headers)
  {
   uchar body[], answer[];
   long now = NowMs();
   string timestamp = Stamp(now);
   string nonce = StringFormat("%I64d-%I64u", now, ++counter);
   string canonical = method + "|" + target + "|" + content + "|" + DeviceId + "|" + nonce + "|" + timestamp;
   string request = "Content-Type: application/json\r\n" +
                    "X-Device-Id: " + DeviceId + "\r\n" +
                    "X-Nonce: " + nonce + "\r\n" +
                    "X-Timestamp: " + timestamp + "\r\n" +
                    "X-Signature: " + SignText(DeviceSecret, canonical) + "\r\n";
   Utf8Bytes(content, body);
   ResetLastError();
   int status = WebRequest(method, ServerUrl + target, request, TimeoutMs, body, answer, headers);
   TellError(status < 0 ? GetLastError() : 0);
   answered = CharArrayToString(answer, 0, WHOLE_ARRAY, CP_UTF8);
   return(status);
  }

//--- a clock that is off is set once, and the request signed anew
int Ask(const string method, const string target, const string content, string &answered, string &headers)
  {
   int status = AskOnce(method, target, content, answered, headers);
   if(status == 401 && StringFind(answered, "timestamp_skew") >= 0 && LearnTime())
      status = AskOnce(method, target, content, answered, headers);
   return(status);
  }

//+------------------------------------------------------------------+
//| What was taken: one delivery id a line, kept over a restart      |
//+------------------------------------------------------------------+
bool WasTaken(const string delivery)
  {
   int file = FileOpen(STATE_FILE, FILE_READ | FILE_TXT | FILE_ANSI);
   bool found = false;
   if(file == INVALID_HANDLE)
      return(false);
   while(!found && !FileIsEnding(file))
      found = FileReadString(file) == delivery;
   FileClose(file);
   return(found);
  }

bool Remember(const string delivery)
  {
   int file = FileOpen(STATE_FILE, FILE_READ | FILE_WRITE | FILE_TXT | FILE_ANSI);
   if(file == INVALID_HANDLE)
      return(false);
   FileSeek(file, 0, SEEK_END);
   FileWriteString(file, delivery + "\r\n");
   FileFlush(file);
   FileClose(file);
   return(true);
  }

//--- the ticket of a position or pending order that bears the magic; 0: none
ulong FindMagic(const ulong magic)
  {
   for(int i = PositionsTotal() - 1; i >= 0; i--)
     {
      ulong ticket = PositionGetTicket(i);
      if(ticket > 0 && (ulong)PositionGetInteger(POSITION_MAGIC) == magic)
         return(ticket);
     }
   for(int i = OrdersTotal() - 1; i >= 0; i--)
     {
      ulong ticket = OrderGetTicket(i);
      if(ticket > 0 && (ulong)OrderGetInteger(ORDER_MAGIC) == magic)
         return(ticket);
     }
   return(0);
  }

//--- the position of a deal of the last day that bears the magic; 0: none
ulong FindDeal(const ulong magic)
  {
   if(!HistorySelect(TimeCurrent() - 86400, TimeCurrent() + 86400))
      return(0);
   for(int i = HistoryDealsTotal() - 1; i >= 0; i--)
     {
      ulong deal = HistoryDealGetTicket(i);
      if(deal > 0 && (ulong)HistoryDealGetInteger(deal, DEAL_MAGIC) == magic)
         return((ulong)HistoryDealGetInteger(deal, DEAL_POSITION_ID));
     }
   return(0);
  }

//+------------------------------------------------------------------+
//| Orders                                                           |
//+------------------------------------------------------------------+
string Escaped(string text)
  {
   for(int i = StringLen(text) - 1; i >= 0; i--)
      if(StringGetCharacter(text, i) < ' ')
         StringSetCharacter(text, i, ' '); // no JSON with a control character is read
   StringReplace(text, "\\", "\\\\");
   StringReplace(text, "\"", "\\\"");
   return(text);
  }

//--- of an order of ours, or of any other: 0 where it is larger than the server takes
string MagicText(const long magic)
  {
   return(StringFormat("%I64d", magic >= 0 && magic <= MAGIC_MAX ? magic : 0));
  }

bool Acknowledge(const string approval, const string delivery, const ulong ticket, const string problem,
                 const double price, const double volume)
  {
   string answered, headers;
   string content = "{\"approval_id\":\"" + approval + "\",\"delivery_id\":\"" + delivery + "\"";
   if(problem == "")
      content += ",\"status\":\"placed\",\"broker_ticket\":\"" + StringFormat("%I64u", ticket) + "\"";
   else
      content += ",\"status\":\"failed\",\"error\":\"" + Escaped(problem) + "\"";
   if(price > 0)
      content += ",\"fill_price\":" + DoubleToString(price, 8);
   if(volume > 0)
      content += ",\"fill_volume\":" + DoubleToString(volume, 8);
   content += "}";
   int status = Ask("POST", "/api/v1/client/ack", content, answered, headers);
   return(status == 200 || status == 201);
  }

ENUM_ORDER_TYPE OrderTypeOf(const string kind, const bool buy)
  {
   if(kind == "limit")
      return(buy ? ORDER_TYPE_BUY_LIMIT : ORDER_TYPE_SELL_LIMIT);
   if(kind == "stop")
      return(buy ? ORDER_TYPE_BUY_STOP : ORDER_TYPE_SELL_STOP);
   return(buy ? ORDER_TYPE_BUY : ORDER_TYPE_SELL);
  }

//--- how much of an order may be filled at once: as the symbol takes it, or the broker refuses every order
ENUM_ORDER_TYPE_FILLING FillingOf(const string symbol, const bool whole)
  {
   long modes = SymbolInfoInteger(symbol, SYMBOL_FILLING_MODE);
   bool fok = (modes & SYMBOL_FILLING_FOK) != 0, ioc = (modes & SYMBOL_FILLING_IOC) != 0;
   if(fok && (whole || !ioc))
      return(ORDER_FILLING_FOK);
   return(ioc ? ORDER_FILLING_IOC : ORDER_FILLING_RETURN);
  }

double PriceOf(const string symbol, const bool buy)
  {
   MqlTick tick;
   if(!SymbolInfoTick(symbol, tick))
      return(0);
   return(buy ? tick.ask : tick.bid);
  }

bool IsDone(const uint code)
  {
   return(code == TRADE_RETCODE_DONE || code == TRADE_RETCODE_DONE_PARTIAL || code == TRADE_RETCODE_PLACED);
  }

//--- refused for a price that has moved: at the new one it may be taken
bool HasMoved(const uint code)
  {
   return(code == TRADE_RETCODE_REQUOTE || code == TRADE_RETCODE_PRICE_CHANGED || code == TRADE_RETCODE_PRICE_OFF);
  }

//--- nobody knows whether the broker has it, or it is being closed already: nothing is told, and the snapshots show it
bool IsUncertain(const uint code)
  {
   return(code == 0 || code == TRADE_RETCODE_ERROR || code == TRADE_RETCODE_TIMEOUT ||
          code == TRADE_RETCODE_CONNECTION || code == TRADE_RETCODE_LOCKED || code == TRADE_RETCODE_TOO_MANY_REQUESTS ||
          code == TRADE_RETCODE_CLOSE_ORDER_EXIST || code == TRADE_RETCODE_POSITION_CLOSED);
  }

//--- send at the market's price, again while it moves
void SendAtMarket(MqlTradeRequest &request, MqlTradeResult &result, const bool buy)
  {
   for(int i = 0; i < REQUOTES; i++)
     {
      request.price = PriceOf(request.symbol, buy);
      ZeroMemory(result);
      if(request.price <= 0)
         return; // as if it had not been sent
      if(OrderSend(request, result) || !HasMoved(result.retcode))
         return;
     }
  }

//--- on a netting account a second order in a symbol would become a part of the first one's position
bool IsOccupied(const string symbol)
  {
   if(AccountInfoInteger(ACCOUNT_MARGIN_MODE) == ACCOUNT_MARGIN_MODE_RETAIL_HEDGING)
      return(false);
   for(int i = PositionsTotal() - 1; i >= 0; i--)
      if(PositionGetSymbol(i) == symbol)
         return(true);
   for(int i = OrdersTotal() - 1; i >= 0; i--)
      if(OrderGetTicket(i) > 0 && OrderGetString(ORDER_SYMBOL) == symbol)
         return(true);
   return(false);
  }

bool MayTrade()
  {
   return(TerminalInfoInteger(TERMINAL_TRADE_ALLOWED) != 0 && MQLInfoInteger(MQL_TRADE_ALLOWED) != 0 &&
          AccountInfoInteger(ACCOUNT_TRADE_ALLOWED) != 0 && AccountInfoInteger(ACCOUNT_TRADE_EXPERT) != 0);
  }

//--- told at once: the server hands out no order where trading is not allowed
void TellMayTrade()
  {
   bool may = MayTrade();
   if(may == may_trade)
      return;
   may_trade = may;
   next_snapshot = 0;
   Print(may ? "Countersign: trading is allowed" :
         "Countersign: no order is taken: press Algo Trading, and allow it in this Expert Advisor's settings");
  }

//--- an order as the row tells it
void Fill(const string &cells[], MqlTradeRequest &request)
  {
   int digits = (int)SymbolInfoInteger(cells[4], SYMBOL_DIGITS);
   bool market = cells[6] == "market";
   ZeroMemory(request);
   request.action = market ? TRADE_ACTION_DEAL : TRADE_ACTION_PENDING;
   request.type = OrderTypeOf(cells[6], cells[5] == "buy");
   request.type_filling = market ? FillingOf(cells[4], true) : ORDER_FILLING_RETURN;
   request.symbol = cells[4];
   request.volume = StringToDouble(cells[10]);
   request.price = NormalizeDouble(StringToDouble(cells[7]), digits);
   request.sl = NormalizeDouble(StringToDouble(cells[8]), digits);
   request.tp = NormalizeDouble(StringToDouble(cells[9]), digits);
   request.deviation = (ulong)StringToInteger(cells[11]);
   request.magic = (ulong)StringToInteger(cells[12]);
   request.comment = cells[13];
  }

//--- cells of a row: 0 approval_id 1 delivery_id 4 symbol 5 side 6 order_type 7 entry_price 8 stop_loss 9 take_profit
//--- 10 volume 11 max_slippage_points 12 magic 13 comment 16 lease_until 17 redelivered
void Take(const string &cells[])
  {
   ulong magic = (ulong)StringToInteger(cells[12]);
   ulong ticket = FindMagic(magic);
   if(ticket == 0)
      ticket = FindDeal(magic);
   if(ticket > 0)
     {
      Acknowledge(cells[0], cells[1], ticket, "", 0, 0);
      return;
     }
   if(cells[17] == "1" && WasTaken(cells[1]))
      return; // an open lease that was taken and is not seen: the server finds out by the next snapshots
   if(NowMs() >= MsOf(cells[16]) || !MayTrade())
      return; // no lease, no order: it comes again, or was taken back meanwhile
   if(!SymbolSelect(cells[4], true))
     {
      Acknowledge(cells[0], cells[1], 0, "this broker has no symbol " + cells[4], 0, 0);
      return;
     }
   if(IsOccupied(cells[4]))
     {
      Acknowledge(cells[0], cells[1], 0, "a netting account holds one position a symbol, and has one", 0, 0);
      return;
     }
   if(!Remember(cells[1]))
      return; // without a record nothing is sent
   MqlTradeRequest request;
   MqlTradeResult result;
   Fill(cells, request);
   ZeroMemory(result);
   if(request.action == TRADE_ACTION_DEAL)
      SendAtMarket(request, result, request.type == ORDER_TYPE_BUY);
   else if(!OrderSend(request, result))
      PrintFormat("Countersign: %s: %u %s", cells[1], result.retcode, result.comment);
   if(IsDone(result.retcode))
     {
      bool filled = request.action == TRADE_ACTION_DEAL && result.retcode != TRADE_RETCODE_PLACED;
      ticket = FindMagic(magic);
      Acknowledge(cells[0], cells[1], ticket > 0 ? ticket : result.order, "", filled ? result.price : 0,
                  filled ? result.volume : 0);
     }
   else if(!IsUncertain(result.retcode))
      Acknowledge(cells[0], cells[1], 0, StringFormat("%u %s", result.retcode, result.comment), 0, 0);
  }

//--- the value of a header of an answer; 0 when it is not there
int HeaderNumber(const string headers, const string name)
  {
   string lower = headers;
   StringToLower(lower);
   int at = StringFind(lower, name + ":");
   if(at < 0)
      return(0);
   return((int)StringToInteger(StringSubstr(headers, at + StringLen(name) + 1, 8)));
  }

void Poll()
  {
   string answered, headers, lines[], cells[];
   string target = "/api/v1/client/poll?form=tsv";
   if(starting)
      target += "&redeliver=1";
   int status = Ask("GET", target, "", answered, headers);
   int wait = HeaderNumber(headers, "x-next-poll-seconds");
   next_poll = GetTickCount64() + 1000 * (wait > 0 ? wait : 10);
   if(status != 200)
      return;
   starting = false;
   int count = StringSplit(answered, '\n', lines);
   for(int i = 1; i < count; i++)
      if(StringSplit(lines[i], '\t', cells) == ORDER_CELLS)
        {
         Take(cells);
         next_snapshot = 0;
        }
  }

//+------------------------------------------------------------------+
//| Close commands: 0 id 2 broker_ticket 6 volume                    |
//+------------------------------------------------------------------+
void AcknowledgeClose(const string command, const string rest)
  {
   string answered, headers;
   Ask("POST", "/api/v1/client/close-ack", "{\"command_id\":\"" + command + "\"," + rest + "}", answered, headers);
   next_snapshot = 0;
  }

void AcknowledgeFailure(const string command, const MqlTradeResult &result)
  {
   AcknowledgeClose(command, "\"status\":\"failed\",\"error\":\"" +
                    Escaped(StringFormat("%u %s", result.retcode, result.comment)) + "\"");
  }

//--- what a position brought, net of its costs, from its first deal on
double NetOf(const ulong position)
  {
   double net = 0;
   if(!HistorySelectByPosition(position))
      return(0);
   for(int i = HistoryDealsTotal() - 1; i >= 0; i--)
     {
      ulong deal = HistoryDealGetTicket(i);
      net += HistoryDealGetDouble(deal, DEAL_PROFIT) + HistoryDealGetDouble(deal, DEAL_SWAP) +
             HistoryDealGetDouble(deal, DEAL_COMMISSION) + HistoryDealGetDouble(deal, DEAL_FEE);
     }
   return(net);
  }

//--- a pending order that was never filled is taken back; the next snapshot tells that it is gone
void Withdraw(const string command, const ulong ticket)
  {
   MqlTradeRequest request;
   MqlTradeResult result;
   ZeroMemory(request);
   ZeroMemory(result);
   request.action = TRADE_ACTION_REMOVE;
   request.order = ticket;
   next_snapshot = 0;
   if(!OrderSend(request, result) && !IsUncertain(result.retcode))
      AcknowledgeFailure(command, result);
  }

void Close(const string &cells[])
  {
   ulong ticket = (ulong)StringToInteger(cells[2]);
   if(!PositionSelectByTicket(ticket))
     {
      if(OrderSelect(ticket))
         Withdraw(cells[0], ticket);
      return; // the next snapshot tells that it is gone
     }
   MqlTradeRequest request;
   MqlTradeResult result;
   ZeroMemory(request);
   ZeroMemory(result);
   bool buy = PositionGetInteger(POSITION_TYPE) == POSITION_TYPE_BUY;
   ulong position = (ulong)PositionGetInteger(POSITION_IDENTIFIER);
   double floating = PositionGetDouble(POSITION_PROFIT) + PositionGetDouble(POSITION_SWAP);
   request.action = TRADE_ACTION_DEAL;
   request.position = ticket;
   request.symbol = PositionGetString(POSITION_SYMBOL);
   request.volume = MathMin(StringToDouble(cells[6]), PositionGetDouble(POSITION_VOLUME));
   request.type = buy ? ORDER_TYPE_SELL : ORDER_TYPE_BUY;
   request.type_filling = FillingOf(request.symbol, false); // a part is better than nothing
   request.deviation = 50;
   request.magic = (ulong)PositionGetInteger(POSITION_MAGIC);
   SendAtMarket(request, result, !buy);
   if(result.retcode == TRADE_RETCODE_DONE || result.retcode == TRADE_RETCODE_DONE_PARTIAL)
     {
      bool known = result.deal > 0 && HistoryDealSelect(result.deal);
      double price = known ? HistoryDealGetDouble(result.deal, DEAL_PRICE) : result.price;
      double volume = known ? HistoryDealGetDouble(result.deal, DEAL_VOLUME) : result.volume;
      if(price > 0 && volume > 0) // or else the deal of the next snapshot tells it
         AcknowledgeClose(cells[0], "\"status\":\"executed\",\"close_price\":" + DoubleToString(price, 8) +
                          ",\"close_volume\":" + DoubleToString(volume, 8) + ",\"profit\":" +
                          DoubleToString(known ? NetOf(position) : floating, 2));
      next_snapshot = 0;
     }
   else if(!IsUncertain(result.retcode) && result.retcode != TRADE_RETCODE_PLACED)
      AcknowledgeFailure(cells[0], result);
  }

void CloseAll()
  {
   string answered, headers, lines[], cells[];
   if(Ask("GET", "/api/v1/client/close-commands?form=tsv", "", answered, headers) != 200)
      return;
   int count = StringSplit(answered, '\n', lines);
   for(int i = 1; i < count; i++)
      if(StringSplit(lines[i], '\t', cells) == COMMAND_CELLS)
         Close(cells);
  }

//+------------------------------------------------------------------+
//| Snapshot                                                         |
//+------------------------------------------------------------------+
string Number(const string name, const double value, const int digits)
  {
   return(",\"" + name + "\":" + DoubleToString(value, digits));
  }

//--- a trade server's time as the server's: both are read now, and a time in between is as far off as they are
string ServerStamp(const long ms)
  {
   long ahead = ((long)TimeTradeServer() - (long)TimeGMT()) * 1000;
   return(Stamp(ms - ahead + offset_ms));
  }

string Positions()
  {
   string list = "";
   for(int i = 0; i < PositionsTotal(); i++)
     {
      ulong ticket = PositionGetTicket(i);
      if(ticket == 0)
         continue;
      list += (list == "" ? "" : ",") + "{\"ticket\":\"" + StringFormat("%I64u", ticket) + "\",\"symbol\":\"" +
              Escaped(PositionGetString(POSITION_SYMBOL)) + "\",\"side\":\"" +
              (PositionGetInteger(POSITION_TYPE) == POSITION_TYPE_BUY ? "buy" : "sell") + "\"" +
              Number("volume", PositionGetDouble(POSITION_VOLUME), 8) +
              Number("open_price", PositionGetDouble(POSITION_PRICE_OPEN), 8) +
              Number("current_price", PositionGetDouble(POSITION_PRICE_CURRENT), 8) +
              Number("stop_loss", PositionGetDouble(POSITION_SL), 8) +
              Number("take_profit", PositionGetDouble(POSITION_TP), 8) +
              Number("profit", PositionGetDouble(POSITION_PROFIT), 2) +
              Number("swap", PositionGetDouble(POSITION_SWAP), 2) + ",\"magic\":" +
              MagicText(PositionGetInteger(POSITION_MAGIC)) + ",\"comment\":\"" +
              Escaped(PositionGetString(POSITION_COMMENT)) + "\"}";
     }
   return(list);
  }

//--- what waits at the broker for its price: not gone, though it is no position yet
string Orders()
  {
   string list = "";
   for(int i = 0; i < OrdersTotal(); i++)
     {
      ulong ticket = OrderGetTicket(i);
      if(ticket > 0)
         list += (list == "" ? "" : ",") + "{\"ticket\":\"" + StringFormat("%I64u", ticket) + "\",\"magic\":" +
                 MagicText(OrderGetInteger(ORDER_MAGIC)) + ",\"comment\":\"" + Escaped(OrderGetString(ORDER_COMMENT)) + "\"}";
     }
   return(list);
  }

string ReasonOf(const long reason)
  {
   if(reason == DEAL_REASON_SL)
      return("sl");
   if(reason == DEAL_REASON_TP)
      return("tp");
   if(reason == DEAL_REASON_SO)
      return("so");
   if(reason == DEAL_REASON_EXPERT)
      return("expert");
   return("client");
  }

string Deal(const ulong ticket)
  {
   bool buy = HistoryDealGetInteger(ticket, DEAL_TYPE) == DEAL_TYPE_BUY;
   bool in = HistoryDealGetInteger(ticket, DEAL_ENTRY) == DEAL_ENTRY_IN;
   return("{\"ticket\":\"" + StringFormat("%I64u", ticket) + "\",\"position_ticket\":\"" +
          StringFormat("%I64d", HistoryDealGetInteger(ticket, DEAL_POSITION_ID)) + "\",\"symbol\":\"" +
          Escaped(HistoryDealGetString(ticket, DEAL_SYMBOL)) + "\",\"side\":\"" + (buy ? "buy" : "sell") +
          "\",\"entry\":\"" + (in ? "in" : "out") + "\"" + Number("volume", HistoryDealGetDouble(ticket, DEAL_VOLUME), 8) +
          Number("price", HistoryDealGetDouble(ticket, DEAL_PRICE), 8) +
          Number("profit", HistoryDealGetDouble(ticket, DEAL_PROFIT), 2) +
          Number("swap", HistoryDealGetDouble(ticket, DEAL_SWAP), 2) +
          Number("commission", HistoryDealGetDouble(ticket, DEAL_COMMISSION) + HistoryDealGetDouble(ticket, DEAL_FEE), 2) +
          ",\"reason\":\"" +
          ReasonOf(HistoryDealGetInteger(ticket, DEAL_REASON)) + "\",\"magic\":" +
          MagicText(HistoryDealGetInteger(ticket, DEAL_MAGIC)) + ",\"time\":\"" +
          ServerStamp(HistoryDealGetInteger(ticket, DEAL_TIME_MSC)) + "\"}");
  }

string Deals()
  {
   string list = "";
   if(!HistorySelect(TimeCurrent() - 86400, TimeCurrent() + 86400))
      return(list);
   int total = HistoryDealsTotal();
   for(int i = total > 500 ? total - 500 : 0; i < total; i++)
     {
      ulong ticket = HistoryDealGetTicket(i);
      long type = HistoryDealGetInteger(ticket, DEAL_TYPE);
      if(ticket == 0 || (type != DEAL_TYPE_BUY && type != DEAL_TYPE_SELL))
         continue; // deposits and the like are no deals here
      list += (list == "" ? "" : ",") + Deal(ticket);
     }
   return(list);
  }

string Quotes()
  {
   string list = "";
   for(int i = 0; i < SymbolsTotal(true) && i < QUOTES_MAX; i++)
     {
      string symbol = SymbolName(i, true);
      MqlTick tick;
      if(!SymbolInfoTick(symbol, tick) || tick.bid <= 0)
         continue;
      list += (list == "" ? "" : ",") + "{\"symbol\":\"" + Escaped(symbol) + "\"" + Number("bid", tick.bid, 8) +
              Number("ask", tick.ask, 8) + ",\"time\":\"" + ServerStamp(tick.time_msc) + "\"" +
              Number("open", iOpen(symbol, PERIOD_D1, 0), 8) + Number("prev_close", iClose(symbol, PERIOD_D1, 1), 8) +
              "}";
     }
   return(list);
  }

void Snapshot()
  {
   string answered, headers;
   ulong next = (ulong)NowMs(); // rises over a restart too
   sequence = next > sequence ? next : sequence + 1;
   string content =
      "{\"seq\":" + StringFormat("%I64u", sequence) + ",\"taken_at\":\"" + Stamp(NowMs()) + "\",\"account\":{\"login\":\"" +
      StringFormat("%I64d", AccountInfoInteger(ACCOUNT_LOGIN)) + "\",\"broker\":\"" +
      Escaped(AccountInfoString(ACCOUNT_COMPANY)) + "\",\"server\":\"" + Escaped(AccountInfoString(ACCOUNT_SERVER)) +
      "\",\"currency\":\"" + AccountInfoString(ACCOUNT_CURRENCY) + "\",\"leverage\":" +
      StringFormat("%I64d", AccountInfoInteger(ACCOUNT_LEVERAGE)) +
      Number("balance", AccountInfoDouble(ACCOUNT_BALANCE), 2) + Number("equity", AccountInfoDouble(ACCOUNT_EQUITY), 2) +
      Number("margin", AccountInfoDouble(ACCOUNT_MARGIN), 2) +
      Number("free_margin", AccountInfoDouble(ACCOUNT_MARGIN_FREE), 2) + ",\"trade_allowed\":" +
      (MayTrade() ? "true" : "false") + "},\"positions\":[" + Positions() + "],\"orders\":[" +
      Orders() + "],\"deals\":[" + Deals() + "],\"quotes\":[" +
      Quotes() + "]}";
   int status = Ask("POST", "/api/v1/client/snapshot", content, answered, headers);
   next_snapshot = GetTickCount64() + 1000 * SnapshotSeconds;
   if(status != 201)
      PrintFormat("Countersign: snapshot: %d %s", status, StringSubstr(answered, 0, 200));
  }

//+------------------------------------------------------------------+
//| Life                                                             |
//+------------------------------------------------------------------+
//--- Does the terminal know what its account holds?  After its start, and while the broker is out of reach, it shows
//--- nothing, or what was: told to the server, that would close what is open and look like an order never sent.
bool KnowsAccount()
  {
   bool knows = TerminalInfoInteger(TERMINAL_CONNECTED) != 0 && AccountInfoInteger(ACCOUNT_LOGIN) != 0 &&
                (AccountInfoDouble(ACCOUNT_BALANCE) != 0 || AccountInfoDouble(ACCOUNT_EQUITY) != 0);
   if(!knows)
      connected_at = 0;
   else if(connected_at == 0)
      connected_at = GetTickCount64();
   return(knows && GetTickCount64() - connected_at >= SETTLE_MS);
  }

int OnInit()
  {
   if(MQLInfoInteger(MQL_TESTER) != 0)
     {
      Print("Countersign: the strategy tester has no WebRequest");
      return(INIT_FAILED);
     }
   if(DeviceId == "" || DeviceSecret == "")
     {
      Print("Countersign: DeviceId and DeviceSecret are needed");
      return(INIT_PARAMETERS_INCORRECT);
     }
   return(EventSetTimer(1) ? INIT_SUCCEEDED : INIT_FAILED);
  }

void OnDeinit(const int reason)
  {
   EventKillTimer();
  }

void OnTimer()
  {
   if(!KnowsAccount())
      return; // the server takes the account for stale, and lets nothing in
   if(GetTickCount64() >= next_learning)
     {
      LearnTime(); // when it fails, the first refusal teaches it
      next_learning = GetTickCount64() + LEARN_MS;
     }
   TellMayTrade();
   if(GetTickCount64() >= next_snapshot)
      Snapshot();
   CloseAll(); // exits first
   if(GetTickCount64() >= next_poll)
      Poll();
  }
//+------------------------------------------------------------------+
